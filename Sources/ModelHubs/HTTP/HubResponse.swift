import Foundation
import NIOHTTP1

/// A hub's answer to a request for metadata.
struct HubResponse: Sendable {
    /// The address that answered, after redirects.
    let url: URL
    let status: Int
    let headers: HTTPHeaders
    let body: Data

    var isSuccess: Bool { (200..<300).contains(status) }
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

    /// Where a redirect leads.
    var target: URL? {
        guard isRedirect, let location = headers.first(name: "location") else { return nil }
        return URL(string: location, relativeTo: url)?.absoluteURL
    }

    /// A header's value, cut short: for messages.
    func text(of header: String) -> String? {
        guard let value = headers.first(name: header)?.trimmingCharacters(in: .whitespaces), !value.isEmpty else {
            return nil
        }
        return String(value.prefix(300))
    }

    /// Decodes the JSON body.
    ///
    /// - Throws: ``ModelHubError/unexpectedAnswer(location:reason:)``.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            let isPage = text(of: "content-type")?.lowercased().contains("html") ?? false
            throw ModelHubError.unexpectedAnswer(
                location: url.shown, reason: isPage ? "it is a web page, not JSON" : "it is not the JSON expected")
        }
    }
}

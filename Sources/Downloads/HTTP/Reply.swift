import AsyncHTTPClient
import Foundation
import NIOHTTP1

/// The head of an answer, and its body still to come. Dropping it closes the connection.
struct Reply: Sendable {
    let response: HTTPClientResponse
    /// Where it came from in the end.
    let url: URL

    var status: Int { Int(response.status.code) }

    /// The size that the head announces for the body.
    var contentLength: Int64? { response.headers.first(name: "content-length").flatMap { Int64($0) } }

    /// A page for people, as a sign-in or an open network's portal sends it in the place of a file.
    var isWebPage: Bool {
        response.headers.first(name: "content-type")?.lowercased().hasPrefix("text/html") ?? false
    }

    var contentRange: ContentRange? { response.headers.first(name: "content-range").flatMap { ContentRange($0) } }

    /// A strong entity tag: the only one that proves two answers to be parts of one file.
    var strongEntityTag: String? {
        guard let tag = response.headers.first(name: "etag"), tag.hasPrefix("\""), tag.utf8.count <= 1024 else {
            return nil
        }
        return tag
    }
}

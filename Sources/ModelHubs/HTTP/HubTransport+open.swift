import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Security

/// Where a file's bytes were found, over redirects, and how far in that is: judged once, asked again for each range.
struct OpenedPlace: Sendable {
    let url: URL
    let reach: NetworkReach
}

/// An answer whose body was not read yet. Whoever lets it go unread closes its connection.
struct OpenedAnswer {
    let place: OpenedPlace
    let status: Int
    let headers: HTTPHeaders
    let body: HTTPClientResponse.Body

    /// The same without its body, for words about it.
    var response: HubResponse { HubResponse(url: place.url, status: status, headers: headers, body: Data()) }
}

extension HubTransport {
    /// Asks for a file's bytes, over redirects, and leaves the reading to the caller.
    ///
    /// - Parameters:
    ///   - start: The address; unless `place` is given it is judged as every address that requests start at.
    ///   - place: Where an answer to `start` was found before; it is asked instead.
    ///   - conditions: Headers beside those that every request has: `Range` and what goes with it.
    func open(
        _ start: URL, at place: OpenedPlace?, conditions: [(name: String, value: String)],
        credential: OriginCredential?
    ) async throws -> OpenedAnswer {
        var url = place?.url ?? start
        var reach: NetworkReach
        if let place { reach = place.reach } else { reach = try await admit(start) }
        for _ in 0...Self.maximumRedirects {
            var request = request(.GET, url, accept: "*/*", credential: credential)
            for (name, value) in conditions { request.headers.add(name: name, value: value) }
            let (asked, answered) = (request, url)
            let response = try await trying(url) {
                let response = try await clients(answered).execute(asked, timeout: .seconds(60))
                return (Int(response.status.code), response.headers, response)
            }
            let answer = OpenedAnswer(
                place: OpenedPlace(url: url, reach: reach), status: Int(response.status.code),
                headers: response.headers, body: response.body)
            guard answer.response.isRedirect else { return answer }
            guard let target = answer.response.target else {
                throw ModelHubError.unexpectedAnswer(location: url.shown, reason: "it redirects to no address")
            }
            reach = try await check(redirectFrom: url, reach, to: target)
            url = target
        }
        throw ModelHubError.tooManyRedirects(location: start.shown, limit: Self.maximumRedirects)
    }
}

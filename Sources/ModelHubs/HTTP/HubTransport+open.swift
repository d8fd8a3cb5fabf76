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
        try await walk(start, from: place) { _, _ in
            true
        } asking: { place in
            var request = request(.GET, place.url, accept: "*/*", credential: credential)
            for (name, value) in conditions { request.headers.add(name: name, value: value) }
            let asked = request
            let response = try await trying(place.url) {
                let response = try await clients(place.url).execute(asked, timeout: .seconds(60))
                return (Int(response.status.code), response.headers, response)
            }
            let answer = OpenedAnswer(
                place: place, status: Int(response.status.code), headers: response.headers, body: response.body)
            return (answer.response, answer)
        }
    }
}

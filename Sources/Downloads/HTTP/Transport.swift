import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks for bytes of a file over HTTP/1.1, following redirects by hand.
struct Transport: Sendable {
    let clients: ClientSet
    /// Nothing is asked of any network.
    let isOffline: Bool
    let userAgent: String
    let redirectLimit: Int
    let time: any DownloadTime

    /// The answer to a GET, whatever its status but a redirect.
    /// - Parameters:
    ///   - range: The bytes to ask for; `nil` asks for all.
    ///   - entityTag: Asks for the range only if the file still has this tag.
    func get(
        _ url: URL, range: Range<Int64>?, token: BearerToken?, entityTag: String? = nil
    ) async throws -> Reply {
        var current = url
        var visited: Set<String> = []
        for _ in 0...redirectLimit {
            try SourceRules.check(current)
            guard visited.insert(current.absoluteString).inserted else {
                throw DownloadError.redirectLoop(SourceRules.shown(url))
            }
            let response = try await send(current, range: range, token: token, entityTag: entityTag)
            let reply = Reply(response: response, url: current)
            guard [301, 302, 303, 307, 308].contains(reply.status),
                let location = response.headers.first(name: "location")
            else { return reply }
            current = try SourceRules.target(of: location, from: current)
        }
        throw DownloadError.tooManyRedirects(SourceRules.shown(url), limit: redirectLimit)
    }

    private func send(
        _ url: URL, range: Range<Int64>?, token: BearerToken?, entityTag: String?
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "user-agent", value: userAgent)
        request.headers.add(name: "accept", value: "*/*")
        // With gzip accepted some networks ignore Range and answer 200.
        request.headers.add(name: "accept-encoding", value: "identity")
        if let range {
            request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
            if let entityTag { request.headers.add(name: "if-range", value: entityTag) }
        }
        if let token, token.belongs(to: url) {
            request.headers.add(name: "authorization", value: "Bearer \(token.value)")
        }
        if isOffline { throw DownloadError.offline(SourceRules.shown(url)) }
        let client = try clients.client(for: url)
        do {
            return try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw Self.failure(error, url)
        }
    }

    /// What another layer threw, in this room's words; cancellation stays what it is.
    static func failure(_ error: any Error, _ url: URL) -> any Error {
        if error is DownloadError || error is CancellationError { return error }
        if Task.isCancelled { return CancellationError() }
        if let error = error as? NIOSSLExtraError { return untrusted(error, url) }
        if let error = error as? NIOSSLError { return untrusted(error, url) }
        if let error = error as? HTTPClientError {
            if error == .proxyAuthenticationRequired { return DownloadError.proxyRefused(SourceRules.shown(url)) }
            if error == .alreadyShutdown { return DownloadError.shutDown }
        }
        return DownloadError.connectionFailed(
            SourceRules.shown(url), reason: SourceRules.printable(String(describing: error)))
    }

    private static func untrusted(_ error: any Error, _ url: URL) -> DownloadError {
        .untrusted(SourceRules.shown(url), reason: SourceRules.printable(String(describing: error)))
    }

    /// The error that a status is, for every status that is not success.
    func error(for reply: Reply) -> DownloadError {
        let url = SourceRules.shown(reply.url)
        let headers = reply.response.headers
        let detail = (headers.first(name: "x-error-message") ?? headers.first(name: "x-error-code"))
            .map(SourceRules.printable)
        switch reply.status {
        case 401: return .unauthorized(url, detail: detail)
        case 403: return .forbidden(url, detail: detail)
        case 404, 410: return .notFound(url, detail: detail)
        case 407: return .proxyRefused(url)
        case 429: return .rateLimited(url, retryAfter: RetryAfter.duration(in: headers, now: time.date()))
        case 503 where headers.contains(name: "retry-after"):
            return .rateLimited(url, retryAfter: RetryAfter.duration(in: headers, now: time.date()))
        default: return .status(url, code: reply.status, detail: detail)
        }
    }

    /// Opens a part of a file: only a 206 with exactly the asked bytes of a file of the expected size passes.
    func open(
        _ range: Range<Int64>, of location: SourceLocation, totalByteCount: Int64
    ) async throws -> Reply {
        let reply = try await get(
            location.url, range: range, token: location.token, entityTag: location.entityTag)
        let url = SourceRules.shown(reply.url)
        switch reply.status {
        case 206:
            break
        case 200 where reply.isWebPage:
            throw DownloadError.webPage(url)
        case 200 where location.entityTag != nil:
            throw DownloadError.sourceChanged(url)
        case 200:
            throw DownloadError.rangeIgnored(url)
        case 416 where reply.contentRange?.total == totalByteCount:
            // It says itself that the bytes are there.
            throw DownloadError.wrongRange(
                url, asked: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(totalByteCount)",
                answered: "416, bytes */\(totalByteCount)")
        case 416:
            throw DownloadError.wrongSize(
                url, expected: totalByteCount, found: reply.contentRange?.total ?? range.lowerBound)
        default:
            throw error(for: reply)
        }
        try refuseEncoding(reply)
        let asked = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(totalByteCount)"
        let answered = reply.response.headers.first(name: "content-range") ?? "no Content-Range"
        guard let got = reply.contentRange, got.range == range else {
            throw DownloadError.wrongRange(url, asked: asked, answered: SourceRules.printable(answered))
        }
        guard got.total == totalByteCount else {
            if let found = got.total { throw DownloadError.wrongSize(url, expected: totalByteCount, found: found) }
            throw DownloadError.wrongRange(url, asked: asked, answered: SourceRules.printable(answered))
        }
        return reply
    }

    /// Opens the whole file, for a server that does not send parts.
    func openWhole(_ location: SourceLocation, totalByteCount: Int64) async throws -> Reply {
        let reply = try await get(location.url, range: nil, token: location.token)
        guard reply.status == 200 else { throw error(for: reply) }
        if reply.isWebPage { throw DownloadError.webPage(SourceRules.shown(reply.url)) }
        try refuseEncoding(reply)
        if let found = reply.contentLength, found != totalByteCount {
            throw DownloadError.wrongSize(SourceRules.shown(reply.url), expected: totalByteCount, found: found)
        }
        return reply
    }

    private func refuseEncoding(_ reply: Reply) throws {
        for encoding in reply.response.headers["content-encoding"] where encoding.lowercased() != "identity" {
            throw DownloadError.encoded(
                SourceRules.shown(reply.url), encoding: SourceRules.printable(encoding))
        }
    }
}

import AsyncHTTPClient
import Foundation
import NIOHTTP1

/// Finds where a source's bytes are, once for all connections, and again when that address has expired.
actor SourceLocator {
    let source: DownloadSource
    private let transport: Transport
    /// The sizes must agree when the content is pinned.
    private let expectedByteCount: Int64?
    private let timeout: Duration
    private let changed = ChangeSignal()
    private var current: SourceLocation?
    private var generation = 0
    private var isSearching = false
    private var searchCount = 0
    /// Why a search failed, for those who waited for it.
    private var failure: (search: Int, error: DownloadError)?

    init(_ source: DownloadSource, transport: Transport, expectedByteCount: Int64?, timeout: Duration) {
        self.source = source
        self.transport = transport
        self.expectedByteCount = expectedByteCount
        self.timeout = timeout
    }

    /// Where the bytes are. While one caller searches the others wait for what it finds, or for why it does not.
    func location() async throws -> SourceLocation {
        while true {
            if let current { return current }
            // What no further look would change is not looked for again by a connection that comes later.
            if let failure, failure.error.endsSource { throw failure.error }
            guard isSearching else { return try await searchAlone() }
            let search = searchCount
            while isSearching, searchCount == search {
                let version = changed.version
                try await changed.changed(since: version)
            }
            if current == nil, let failure, failure.search == search { throw failure.error }
        }
    }

    private func searchAlone() async throws -> SourceLocation {
        isSearching = true
        searchCount += 1
        defer {
            isSearching = false
            changed.notify()
        }
        do {
            let found = try await search()
            current = found
            return found
        } catch let error as DownloadError {
            failure = (searchCount, error)
            throw error
        }
    }

    /// Whether an address was found before: then a refusal may be about the number of connections.
    var hasWorked: Bool { generation > 0 }

    /// Forgets an address that has expired, unless a newer one is known already.
    func expire(_ location: SourceLocation) {
        if current?.generation == location.generation { current = nil }
    }

    private func search() async throws -> SourceLocation {
        let start = try await freshURL()
        let transport = self.transport
        let token = source.token
        let generation = self.generation + 1
        let expected = expectedByteCount
        let location = try await Deadline.run(
            for: timeout, time: transport.time,
            error: DownloadError.stalled(SourceRules.shown(start), after: timeout)
        ) {
            let reply = try await transport.get(start, range: 0..<1, token: token)
            let location = try Self.location(
                from: reply, transport: transport, token: token, generation: generation, expected: expected)
            // An answer that is read to its end leaves the connection open for the first part.
            if location.sendsRanges { _ = try? await reply.response.body.collect(upTo: 1) }
            return location
        }
        self.generation = generation
        return location
    }

    private func freshURL() async throws -> URL {
        guard generation > 0, let resolver = source.resolver else { return source.url }
        do {
            let url = try await resolver.resolve(source.url)
            try SourceRules.check(url)
            return url
        } catch {
            throw Transport.failure(error, source.url)
        }
    }

    /// Reads the answer to a request for the first byte; nothing of its body is used.
    private static func location(
        from reply: Reply, transport: Transport, token: BearerToken?, generation: Int, expected: Int64?
    ) throws -> SourceLocation {
        let url = SourceRules.shown(reply.url)
        let total: Int64?
        switch reply.status {
        case 206:
            guard let range = reply.contentRange, range.range == 0..<1, range.total != nil else {
                throw DownloadError.wrongRange(
                    url, asked: "bytes 0-0/*",
                    answered: SourceRules.printable(
                        reply.response.headers.first(name: "content-range") ?? "no Content-Range"))
            }
            total = range.total
        case 200:
            if reply.isWebPage { throw DownloadError.webPage(url) }
            total = reply.contentLength
        case 416 where reply.contentRange?.total == 0: total = 0
        default: throw transport.error(for: reply)
        }
        for encoding in reply.response.headers["content-encoding"] where encoding.lowercased() != "identity" {
            throw DownloadError.encoded(url, encoding: SourceRules.printable(encoding))
        }
        if let expected, let total, expected != total {
            throw DownloadError.wrongSize(url, expected: expected, found: total)
        }
        guard expected != nil || total != nil else { throw DownloadError.lengthUnknown(url) }
        return SourceLocation(
            url: reply.url, token: token, totalByteCount: total, sendsRanges: reply.status == 206,
            entityTag: expected == nil ? reply.strongEntityTag : nil, generation: generation)
    }
}

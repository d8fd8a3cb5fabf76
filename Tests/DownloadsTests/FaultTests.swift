import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

/// What a server does wrong, and what comes of it: the right file, or a clear error and no file.
@Suite(.timeLimit(.minutes(15))) struct FaultTests {
    /// Faults that pass: the download goes on and the file is right.
    static let passing: [Fault] = [
        .rangeIgnored, .wrongRangeStart, .wrongRangeEnd, .unknownRangeTotal, .noContentRange, .truncated(after: 0),
        .truncated(after: 5000), .truncated(after: 20_000), .tooLong(by: 100), .tooLong(by: 100_000), .reset(after: 0),
        .reset(after: 9000), .stallAtOnce, .stall(after: 0), .stall(after: 10_000), .trickle(milliseconds: 100),
        .closed,
        .status(500), .status(502), .status(503), .status(504), .status(408), .status(429),
        .status(429, headers: ["Retry-After": "2"]), .status(503, headers: ["Retry-After": "1"]),
        .status(
            429,
            headers: ["Retry-After": "Sun, 06 Nov 1994 08:49:39 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"]),
        .status(429, headers: ["RateLimit": "\"api\";r=0;t=2"]), .nonsense, .chunked, .flippedByte(at: 150_000),
        .status(403), .status(401), .status(410), .status(404),
        .status(416, headers: ["Content-Range": "bytes */300000"]),
    ]

    @Test(arguments: passing)
    func aFaultThatPassesCostsNothingButTime(_ fault: Fault) async throws {
        let fixture = try DownloadFixture()
        let left = Countdown(3)
        let server = try await FaultServer.serving(fixture.content) { request in
            if case .flippedByte(let offset) = fault {
                return request.range?.contains(offset) == true && left.take(1) ? fault : .none
            }
            return !request.isLookup && left.take() ? fault : .none
        }
        var configuration = DownloadFixture.configuration
        switch fault {
        case .stallAtOnce, .stall, .trickle: configuration.stallTimeout = .seconds(120)
        default: break
        }
        let file = try await fixture.fetch(fixture.request(server.url()), configuration: configuration)
        try fixture.expectFinished(file)
        #expect(left.isUsed)
        await server.stop()
    }

    @Test(arguments: [
        Fault.status(500), .status(429), .closed, .nonsense, .stallAtOnce, .reset(after: 0), .status(503),
    ])
    func aFaultInTheLookupThatPassesCostsNothingButTime(_ fault: Fault) async throws {
        let fixture = try DownloadFixture(byteCount: 50_000)
        let left = Countdown(2)
        let server = try await FaultServer.serving(fixture.content) { request in
            request.isLookup && left.take() ? fault : .none
        }
        var configuration = DownloadFixture.configuration
        if fault == .stallAtOnce { configuration.stallTimeout = .seconds(120) }
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration))
        #expect(left.isUsed)
        await server.stop()
    }

    /// Faults that stay: the error that ends the download.
    static let staying: [(Fault, @Sendable (DownloadError) -> Bool)] = [
        (.wrongRangeTotal, { if case .wrongSize = $0 { true } else { false } }),
        (.wrongRangeStart, { if case .wrongRange = $0 { true } else { false } }),
        (.noContentRange, { if case .wrongRange = $0 { true } else { false } }),
        (.encoded("gzip"), { if case .encoded(_, "gzip") = $0 { true } else { false } }),
        (.webPage, { if case .webPage = $0 { true } else { false } }),
        (.status(401), { if case .unauthorized = $0 { true } else { false } }),
        (
            .status(403, headers: ["X-Error-Message": "Access is restricted"]),
            { if case .forbidden(_, "Access is restricted") = $0 { true } else { false } }
        ),
        (.status(404), { if case .notFound = $0 { true } else { false } }),
        (.status(410), { if case .notFound = $0 { true } else { false } }),
        (.status(416), { if case .wrongSize = $0 { true } else { false } }),
        (.status(451), { if case .status(_, 451, _) = $0 { true } else { false } }),
        (.status(500), { if case .status(_, 500, _) = $0 { true } else { false } }),
        (.status(429), { if case .rateLimited = $0 { true } else { false } }),
        (.closed, { if case .connectionFailed = $0 { true } else { false } }),
        (.nonsense, { if case .connectionFailed = $0 { true } else { false } }),
        (
            .truncated(after: 0),
            { if case .connectionFailed = $0 { true } else if case .truncated = $0 { true } else { false } }
        ),
        (.stallAtOnce, { if case .stalled = $0 { true } else { false } }),
        (.trickle(milliseconds: 100), { if case .stalled = $0 { true } else { false } }),
        (.redirect(to: "/file"), { if case .redirectLoop = $0 { true } else { false } }),
    ]

    @Test(arguments: staying.indices)
    func aFaultThatStaysEndsWithItsOwnErrorAndNoFile(_ index: Int) async throws {
        let (fault, isExpected) = Self.staying[index]
        let fixture = try DownloadFixture(byteCount: 100_000)
        let server = try await FaultServer.serving(fixture.content) { request in request.isLookup ? .none : fault }
        var configuration = DownloadFixture.configuration
        configuration.maximumAttemptCount = 3
        switch fault {
        case .stallAtOnce, .trickle: configuration.stallTimeout = .seconds(60)
        // Only what should stall may: the machine that runs the tests may be busy.
        default: configuration.stallTimeout = .seconds(4000)
        }
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration)
        }
        let found = try #require(error as? DownloadError, "\(fault): \(String(describing: error))")
        #expect(isExpected(found), "\(fault): \(found)")
        #expect(!found.description.contains("\n"))
        try fixture.expectNothingFinished()
        await server.stop()
    }

    @Test func aServerThatSendsOnlyWholeFilesIsReadByOneConnection() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content) { _ in .rangeIgnored }
        try fixture.expectFinished(try await fixture.fetch(fixture.request(server.url())))
        await server.stop()
    }

    @Test func aWholeFileThatBreaksGoesOnFromWhatHasLanded() async throws {
        let fixture = try DownloadFixture()
        let left = Countdown(4)
        let server = try await FaultServer.start { request, connection in
            try await connection.sendHead(200, [("Content-Length", "\(fixture.content.count)")])
            if left.take() {
                try await connection.send(fixture.content.prefix(100_000 * (4 - left.value)))
                try await connection.close()
            } else {
                try await connection.send(fixture.content)
            }
        }
        try fixture.expectFinished(try await fixture.fetch(fixture.request(server.url())))
        await server.stop()
    }

    @Test func contentThatStaysWrongIsQuarantinedAndNeverInPlace() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content) { _ in .flippedByte(at: 77_777) }
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(server.url())) }
        guard case .contentMismatch(let expected, let found, let path) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(expected == fixture.digest)
        #expect(Digest.of([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))) == found)
        try fixture.expectNothingFinished()
        await server.stop()
    }

    @Test func aMirrorMendsWhatTheFirstSourceHasWrong() async throws {
        let fixture = try DownloadFixture()
        let bad = try await FaultServer.serving(fixture.content) { _ in .flippedByte(at: 77_777) }
        let good = try await FaultServer.serving(fixture.content)
        let request = fixture.request([DownloadSource(bad.url()), DownloadSource(good.url())])
        try fixture.expectFinished(try await fixture.fetch(request))
        await bad.stop()
        await good.stop()
    }

    @Test(arguments: [Fault.status(404), .wrongRangeTotal, .webPage, .encoded("gzip")])
    func anotherSourceServesWhenOneCannot(_ fault: Fault) async throws {
        let fixture = try DownloadFixture()
        let bad = try await FaultServer.serving(fixture.content) { _ in fault }
        let good = try await FaultServer.serving(fixture.content)
        let request = fixture.request([DownloadSource(bad.url()), DownloadSource(good.url())])
        try fixture.expectFinished(try await fixture.fetch(request))
        await bad.stop()
        await good.stop()
    }

    @Test func aServerThatAllowsFewConnectionsIsServedByFew() async throws {
        let fixture = try DownloadFixture(byteCount: 2_000_000)
        let busy = Occupancy()
        let refused = Recorder()
        let isRefused = Gate()
        let server = try await FaultServer.start { request, connection in
            guard busy.enter(limit: 2) else {
                refused.add("\(request.number)")
                isRefused.open()
                return try await connection.sendEmpty(403)
            }
            defer { busy.leave() }
            // The first two hold on until a third is refused.
            if !request.isLookup { try await isRefused.wait() }
            try await FaultServer.answer(request, connection, fixture.content, nil, .none)
        }
        var configuration = DownloadFixture.configuration
        // In fast time a slow machine is asked again and again while it serves one request.
        configuration.time = FastTime(factor: 1)
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration))
        // Most requests were served: it did not go on asking with more connections than are allowed.
        #expect(!refused.values.isEmpty && refused.values.count * 2 < server.requests.count)
        await server.stop()
    }

    @Test func aBlockThatCrawlsAtTheEndIsFetchedByAnotherToo() async throws {
        let fixture = try DownloadFixture(byteCount: 100_000)
        let left = Countdown(1)
        let server = try await FaultServer.serving(fixture.content) { request in
            request.range?.contains(99_999) == true && left.take() ? .stall(after: 10) : .none
        }
        var configuration = DownloadFixture.configuration
        configuration.crawlPatience = .seconds(2)
        configuration.stallTimeout = .seconds(100_000)
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration))
        #expect(left.isUsed)
        await server.stop()
    }

    @Test func anAddressWhereNobodyListensIsNamedWithoutItsSecret() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        var configuration = DownloadFixture.configuration
        configuration.maximumAttemptCount = 1
        let url = try #require(URL(string: "https://localhost:1/file?secret=canary"))
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(url), configuration: configuration)
        }
        let found = try #require(error as? DownloadError)
        guard case .connectionFailed = found else {
            Issue.record("\(found)")
            return
        }
        #expect(found.description.contains("https://localhost:1/file"))
        #expect(!found.description.contains("canary"))
    }

    @Test func aServerWithoutTLSIsRefused() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let server = try await FaultServer.serving(fixture.content)
        var configuration = DownloadFixture.configuration
        configuration.maximumAttemptCount = 1
        configuration.connectTimeout = .milliseconds(300)
        configuration.stallTimeout = .seconds(4000)
        let url = try #require(URL(string: "https://127.0.0.1:\(server.port)/file"))
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(url), configuration: configuration)
        }
        guard case .connectionFailed = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        await server.stop()
    }

    @Test(arguments: ["http://example.com/file", "ftp://example.com/file", "file:///etc/passwd", "https:///file"])
    func anAddressThatIsNotSafeIsRefusedAtOnce(_ text: String) async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let url = try #require(URL(string: text))
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(url)) }
        switch error as? DownloadError {
        case .insecureURL, .invalidURL: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test func aDiskWithoutRoomIsSaidBeforeAnythingIsWritten() async throws {
        let fixture = try DownloadFixture(byteCount: 10_000)
        let server = try await FaultServer.serving(fixture.content)
        var configuration = DownloadFixture.configuration
        configuration.freeSpaceMargin = .max - 20_000
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration)
        }
        guard case .noSpace(_, let needed, let available) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed > available)
        #expect(server.requests.isEmpty)
        await server.stop()
    }

    @Test func aFolderThatIsAFileIsNamed() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        try Data().write(to: fixture.destination)
        let server = try await FaultServer.serving(fixture.content)
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(server.url())) }
        guard case .io(let path, _, _) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == fixture.destination.path)
        await server.stop()
    }
}

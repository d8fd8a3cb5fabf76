import FaultServer
import Foundation
import Security
import Synchronization
import Testing

@testable import Downloads

@Suite(.timeLimit(.minutes(15))) struct RedirectTests {
    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsFollowedOnceForAllConnections(_ status: Int) async throws {
        let fixture = try DownloadFixture()
        let store = try await FaultServer.serving(fixture.content)
        let target = store.url("/signed?key=1").absoluteString
        let hub = try await FaultServer.serving(fixture.content) { _ in .redirect(to: target, status: status) }
        try fixture.expectFinished(try await fixture.fetch(fixture.request(hub.url())))
        #expect(hub.requests.count == 1)
        #expect(store.requests.allSatisfy { $0.path == "/signed?key=1" })
        await hub.stop()
        await store.stop()
    }

    @Test func aRelativeRedirectKeepsTheTokenAndAnotherOriginNeverSeesIt() async throws {
        let fixture = try DownloadFixture()
        let store = try await FaultServer.serving(fixture.content)
        let target = store.url("/signed").absoluteString
        let hub = try await FaultServer.serving(fixture.content) { request in
            .redirect(to: request.path == "/old/file" ? "../new/file" : target)
        }
        let token = try #require(BearerToken("canary", for: hub.url()))
        let request = fixture.request([DownloadSource(hub.url("/old/file"), token: token)])
        try fixture.expectFinished(try await fixture.fetch(request))
        #expect(hub.requests.map(\.path) == ["/old/file", "/new/file"])
        #expect(hub.requests.allSatisfy { $0.header("authorization") == "Bearer canary" })
        #expect(store.requests.allSatisfy { $0.header("authorization") == nil })
        #expect(store.requests.count > 1)
        #expect(!"\(token)".contains("canary") && !String(reflecting: token).contains("canary"))
        await hub.stop()
        await store.stop()
    }

    @Test func everyRequestAsksForTheBytesAsTheyAre() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content)
        try await fixture.fetch(fixture.request(server.url()))
        #expect(server.requests.allSatisfy { $0.header("accept-encoding") == "identity" })
        await server.stop()
    }

    @Test func aCircleAndAChainThatDoesNotEndAreLeft() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let circle = try await FaultServer.serving(fixture.content) { request in
            .redirect(to: request.path == "/a" ? "/b" : "/a")
        }
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(circle.url("/a"))) }
        guard case .redirectLoop = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        let chain = try await FaultServer.serving(fixture.content) { request in .redirect(to: request.path + "x") }
        let endless = await DownloadedFile.failure { try await fixture.fetch(fixture.request(chain.url("/a"))) }
        guard case .tooManyRedirects(_, 10) = endless as? DownloadError else {
            Issue.record("\(String(describing: endless))")
            return
        }
        #expect(chain.requests.count == 11)
        await circle.stop()
        await chain.stop()
    }

    @Test func aRedirectNeverLeavesEncryptionOrThisMachineForAnUnencryptedOne() throws {
        let secure = try #require(URL(string: "https://hub.example/a"))
        #expect(throws: DownloadError.insecureRedirect(from: "https://hub.example/a", to: "http://127.0.0.1/b")) {
            try SourceRules.target(of: "http://127.0.0.1/b?key=1", from: secure)
        }
        let local = try #require(URL(string: "http://127.0.0.1/a"))
        #expect(throws: DownloadError.insecureURL("http://hub.example/b")) {
            try SourceRules.target(of: "http://hub.example/b", from: local)
        }
        #expect(throws: DownloadError.self) { try SourceRules.target(of: "https://me:pw@hub.example/", from: secure) }
        #expect(try SourceRules.target(of: "//cdn.example/x", from: secure).absoluteString == "https://cdn.example/x")
        #expect(!SourceRules.isLoopback("127.0.0.1.evil.example") && !SourceRules.isLoopback("10.0.0.1"))
        #expect(SourceRules.isLoopback("127.9.9.9") && SourceRules.isLoopback("LOCALHOST"))
    }

    @Test(arguments: [
        "https://127.0.0.1/b", "https://localhost/b", "https://10.1.2.3/b", "https://192.168.0.1/b",
        "https://169.254.169.254/b", "https://[::1]/b", "https://[fe80::1]/b", "https://[::ffff:10.0.0.1]/b",
        "https://2130706433/b", "https://nas.local/b",
    ])
    func aRedirectFromTheOutsideNeverLeadsInside(_ target: String) throws {
        let secure = try #require(URL(string: "https://hub.example/a"))
        #expect(throws: DownloadError.innerRedirect(from: "https://hub.example/a", to: target)) {
            try SourceRules.target(of: target, from: secure)
        }
    }

    /// Addresses that work for a few requests, as signed ones do for a while.
    private struct Signer: SourceResolver {
        let server: FaultServer
        let calls: Counter

        func resolve(_ url: URL) async throws -> URL {
            calls.add(1)
            return server.url("/signed?key=\(calls.value)")
        }
    }

    /// Few connections and 74 small requests: addresses that work for 20 requests expire three times, and no connection
    /// meets four spent ones in a row, which would be a source that refuses.
    private static var smallRequests: DownloaderConfiguration {
        var configuration = DownloadFixture.configuration
        configuration.maximumConnectionCount = 4
        configuration.pieceByteCount = DownloadFixture.blockByteCount
        configuration.maximumRunPieceCount = 1
        return configuration
    }

    @Test(arguments: [401, 403, 410])
    func anExpiredAddressIsMadeAfreshByTheSourcesResolver(_ status: Int) async throws {
        let fixture = try DownloadFixture(byteCount: 600_000)
        let uses = Mutex<[String: Int]>([:])
        let server = try await FaultServer.serving(fixture.content) { request in
            let count = uses.withLock { uses in
                uses[request.path, default: 0] += 1
                return uses[request.path, default: 0]
            }
            return count > 20 ? .status(status) : .none
        }
        let calls = Counter()
        let source = DownloadSource(server.url("/signed?key=0"), resolver: Signer(server: server, calls: calls))
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request([source]), configuration: Self.smallRequests))
        #expect(calls.value >= 3)
        await server.stop()
    }

    @Test func anExpiredRedirectIsFollowedAgainFromItsHub() async throws {
        let fixture = try DownloadFixture(byteCount: 600_000)
        let uses = Mutex<[String: Int]>([:])
        let store = try await FaultServer.serving(fixture.content) { request in
            let count = uses.withLock { uses in
                uses[request.path, default: 0] += 1
                return uses[request.path, default: 0]
            }
            return count > 20 ? .status(403) : .none
        }
        let base = store.url("/signed").absoluteString
        let hub = try await FaultServer.serving(fixture.content) { request in
            .redirect(to: base + "?key=\(request.number)")
        }
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request(hub.url()), configuration: Self.smallRequests))
        #expect(hub.requests.count >= 4)
        await hub.stop()
        await store.stop()
    }
}

import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

/// What stands between this machine and a hub: names, certificates, proxies.
@Suite(.timeLimit(.minutes(15))) struct NetworkTests {
    /// A hub that nobody can reach but through a proxy, because its name leads nowhere.
    private static let hub = "hub.invalid"

    private func configuration(
        _ variables: [String: String], trusting identity: FaultIdentity? = nil
    ) -> DownloaderConfiguration {
        var configuration = DownloadFixture.configuration
        var variables = variables
        if let identity { variables["ROOST_CA_FILE"] = identity.certificate.path }
        configuration.adopt(environment: variables)
        return configuration
    }

    @Test func aNameThatLeadsNowhereIsSaidAfterAFewAttempts() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let url = try #require(URL(string: "https://\(Self.hub)/file?secret=canary"))
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(url)) }
        guard case .connectionFailed("https://hub.invalid/file", _) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        try fixture.expectNothingFinished()
    }

    @Test func aCertificateThatNobodyVouchesForEndsTheDownloadAtOnce() async throws {
        let fixture = try DownloadFixture()
        let identity = try FaultIdentity(names: [Self.hub], folder: fixture.folder)
        let server = try await FaultServer.serving(fixture.content, identity: identity)
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(server.url())) }
        guard case .untrusted = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.isEmpty)
        try fixture.expectNothingFinished()
        await server.stop()
    }

    @Test(arguments: ["ROOST_CA_FILE", "SSL_CERT_FILE"])
    func anAdditionalCertificateIsTrusted(_ variable: String) async throws {
        let fixture = try DownloadFixture()
        let identity = try FaultIdentity(names: [Self.hub], folder: fixture.folder)
        let server = try await FaultServer.serving(fixture.content, identity: identity)
        let configuration = configuration([variable: identity.certificate.path])
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration))
        await server.stop()
    }

    @Test func aCertificateForAnotherNameIsNotTrusted() async throws {
        let fixture = try DownloadFixture()
        let identity = try FaultIdentity(names: ["other.invalid"], isForThisMachine: false, folder: fixture.folder)
        let server = try await FaultServer.serving(fixture.content, identity: identity)
        let error = await DownloadedFile.failure {
            try await fixture.fetch(
                fixture.request(server.url(host: "localhost")), configuration: configuration([:], trusting: identity))
        }
        guard case .untrusted = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        await server.stop()
    }

    @Test func aFileWithoutCertificatesIsNamed() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let path = fixture.folder.appendingPathComponent("no.pem").path
        let url = try #require(URL(string: "https://127.0.0.1:1/file"))
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(url), configuration: configuration(["SSL_CERT_FILE": path]))
        }
        guard case .invalidCertificates(path, _) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aRedirectFromHttpsToHttpIsNotFollowed() async throws {
        let fixture = try DownloadFixture()
        let plain = try await FaultServer.serving(fixture.content)
        let identity = try FaultIdentity(names: [Self.hub], folder: fixture.folder)
        let target = plain.url().absoluteString
        let server = try await FaultServer.serving(fixture.content, identity: identity) { _ in .redirect(to: target) }
        let error = await DownloadedFile.failure {
            try await fixture.fetch(
                fixture.request(server.url()), configuration: configuration([:], trusting: identity))
        }
        guard case .insecureRedirect = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(plain.requests.isEmpty)
        await server.stop()
        await plain.stop()
    }

    @Test(arguments: ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
    func aProxyWithAPasswordOpensTheWay(_ variable: String) async throws {
        let fixture = try DownloadFixture()
        let identity = try FaultIdentity(names: [Self.hub], folder: fixture.folder)
        let server = try await FaultServer.serving(fixture.content, identity: identity)
        let proxy = try await FaultProxy.start(
            target: server.port, authorization: "Basic " + Data("me:p@ss".utf8).base64EncodedString())
        let variables = [variable: "http://me:p%40ss@127.0.0.1:\(proxy.port)"]
        let request = fixture.request(server.url(host: Self.hub))
        try fixture.expectFinished(
            try await fixture.fetch(request, configuration: configuration(variables, trusting: identity)))
        #expect(!proxy.requests.isEmpty)
        #expect(proxy.requests.allSatisfy { $0.path == "hub.invalid:\(server.port)" })
        #expect(server.requests.allSatisfy { $0.header("proxy-authorization") == nil })
        await proxy.stop()
        await server.stop()
    }

    @Test func aProxyThatWantsAnotherPasswordIsSaid() async throws {
        let fixture = try DownloadFixture()
        let identity = try FaultIdentity(names: [Self.hub], folder: fixture.folder)
        let server = try await FaultServer.serving(fixture.content, identity: identity)
        let proxy = try await FaultProxy.start(target: server.port, authorization: "Basic b3RoZXI=")
        let variables = ["HTTPS_PROXY": "http://me:canary@127.0.0.1:\(proxy.port)"]
        let error = await DownloadedFile.failure {
            try await fixture.fetch(
                fixture.request(server.url(host: Self.hub)), configuration: configuration(variables, trusting: identity)
            )
        }
        let found = try #require(error as? DownloadError)
        guard case .proxyRefused = found else {
            Issue.record("\(found)")
            return
        }
        #expect(!found.description.contains("canary"))
        #expect(proxy.requests.count < 10)
        await proxy.stop()
        await server.stop()
    }

    @Test func whatNoProxyNamesGoesAroundTheProxy() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let proxy = try await FaultProxy.start(target: 1)
        let variables = ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)", "NO_PROXY": "example.com,.invalid"]
        let url = try #require(URL(string: "https://\(Self.hub)/file"))
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(url), configuration: configuration(variables))
        }
        guard case .connectionFailed = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(proxy.requests.isEmpty)
        await proxy.stop()
    }

    @Test func aProxyThatCannotBeUsedIsNeverPassedBy() async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let url = try #require(URL(string: "https://\(Self.hub)/file"))
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(url), configuration: configuration(["https_proxy": "gopher://x"]))
        }
        guard case .invalidProxy("https_proxy", _) = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func offlineNothingIsAskedAndWhatIsCompleteIsFinished() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.serving(fixture.content)
        var configuration = DownloadFixture.configuration
        configuration.isOffline = true
        let error = await DownloadedFile.failure {
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration)
        }
        guard case .offline = error as? DownloadError else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.connectionCount == 0)
        try fixture.leaveComplete()
        try fixture.expectFinished(
            try await fixture.fetch(fixture.request(server.url()), configuration: configuration))
        #expect(server.connectionCount == 0)
        await server.stop()
    }

    @Test func onlyGETIsUsedSoAServerMayRefuseHEAD() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.start { request, connection in
            guard request.method == "GET" else { return try await connection.sendEmpty(405) }
            try await FaultServer.answer(request, connection, fixture.content, nil, .none)
        }
        try fixture.expectFinished(try await fixture.fetch(fixture.request(server.url())))
        #expect(server.requests.allSatisfy { $0.method == "GET" })
        await server.stop()
    }

    @Test(arguments: [401, 403])
    func aClosedModelIsSaidInTheHubsWords(_ status: Int) async throws {
        let fixture = try DownloadFixture(byteCount: 10)
        let words = "Access to model a/b is restricted. You must have access to it."
        let server = try await FaultServer.serving(fixture.content) { _ in
            .status(status, headers: ["X-Error-Code": "GatedRepo", "X-Error-Message": words])
        }
        let error = await DownloadedFile.failure { try await fixture.fetch(fixture.request(server.url())) }
        let found = try #require(error as? DownloadError)
        #expect(found.description.contains(words))
        switch (found, status) {
        case (.unauthorized, 401), (.forbidden, 403): break
        default: Issue.record("\(found)")
        }
        #expect(server.requests.count < 20)
        await server.stop()
    }

    @Test func aFileNameFromTheServerNamesNoPath() async throws {
        let fixture = try DownloadFixture()
        let server = try await FaultServer.start { request, connection in
            guard let range = request.range else { return try await connection.sendEmpty(400) }
            try await connection.sendHead(
                206,
                [
                    ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(fixture.content.count)"),
                    ("Content-Length", "\(range.count)"),
                    ("Content-Disposition", "attachment; filename=\"../../../escaped\""),
                ])
            try await connection.send(fixture.content[range])
        }
        for (pinned, path) in [(true, "/..%2f..%2fescaped"), (false, "/a/%2e%2e/%2e%2e/escaped")] {
            let file = try await fixture.fetch(fixture.request(server.url(path), pinned: pinned))
            try fixture.expectFinished(file)
            try FileManager.default.removeItem(at: file.url)
        }
        #expect(try fixture.names(in: fixture.folder) == ["blobs", "partial"])
        await server.stop()
    }
}

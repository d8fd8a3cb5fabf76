import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Roost
import RoostServer
import Testing

extension ServerTests {
    /// Where a server listens: TCP, encrypted or not, and the socket of the home directory.
    @Suite struct DaemonListenerTests {
        @Test func `the socket answers as TCP does, is for this person alone, and goes with the server`() async throws {
            try await withShortHome { home in
                let path = home.appending(path: "run/roost.sock").path
                try await TestServer.run(home: home) { server async throws in
                    #expect(server.running.socket == path)
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
                    let client = try await RawClient.connect(socket: path)
                    try await client.send(
                        "GET /api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    #expect(try await client.textToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
                    #expect(RunningServer.recorded(inHome: home)?.socket == path)
                }
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }

        @Test func `what a killed server left in the socket's place is replaced`() async throws {
            try await withShortHome { home in
                let path = home.appending(path: "run/roost.sock").path
                try FileManager.default.createDirectory(
                    atPath: home.path + "/run", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                try Data("stale".utf8).write(to: URL(fileURLWithPath: path))
                try await TestServer.run(home: home) { server async throws in
                    #expect(server.running.socket == path)
                    _ = try await RawClient.connect(socket: path)
                }
            }
        }

        @Test func `without the socket, by wish or because its path is too long, TCP serves`() async throws {
            try await TestServer.run {
                $0.listensOnSocket = false
            } _: { server async throws in
                #expect(server.running.socket == nil)
                #expect(try await server.send(.GET, "/health").status == 200)
            }
            let long = FileManager.default.temporaryDirectory
                .appending(path: String(repeating: "long-", count: 24) + UUID().uuidString)
            try await TestServer.run(home: long) { server async throws in
                #expect(server.running.socket == nil)
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        @Test(.enabled(if: Certificate.canBeMade))
        func `with a certificate only encrypted connections are served, of TLS 1.2 and newer`() async throws {
            let files = try Certificate.files(name: "first")
            defer { files.remove() }
            try await TestServer.run {
                $0.tls = files.tls
            } _: { server async throws in
                #expect(server.running.baseURL.hasPrefix("https://"))
                for version in [TLSVersion.tlsv12, .tlsv13] {
                    let reply = try await Self.reply(of: server, trusting: files, version)
                    #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(version)")
                }
                await #expect(throws: (any Error).self) {
                    try await Self.reply(of: server, trusting: files, .tlsv11)
                }
                let plain = try await server.raw("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(!plain.contains("HTTP/1.1 200"))
                let path = try #require(server.running.socket)
                let local = try await RawClient.connect(socket: path)
                try await local.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(try await local.textToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
        }

        @Test(.enabled(if: Certificate.canBeMade))
        func `files that are no certificate and key are named before anything listens`() async throws {
            let (first, second) = (try Certificate.files(name: "first"), try Certificate.files(name: "second"))
            defer {
                first.remove()
                second.remove()
            }
            for (files, part) in [
                (TLSFiles(certificate: "/nowhere.pem", key: first.tls.key), "/nowhere.pem: there is no such file"),
                (
                    TLSFiles(certificate: first.tls.certificate, key: "/nowhere.key"),
                    "/nowhere.key: there is no such file"
                ),
                (TLSFiles(certificate: first.tls.certificate, key: first.tls.certificate), "not in PEM form"),
                (
                    TLSFiles(certificate: first.tls.certificate, key: second.tls.key),
                    "does not belong to the certificate"
                ),
            ] {
                let error = await #expect(throws: RoostServerError.self) {
                    try await TestServer.run {
                        $0.tls = files
                    } _: { _ in
                    }
                }
                #expect(error?.description.contains(part) == true, "\(String(describing: error))")
            }
        }

        private static func reply(
            of server: TestServer, trusting files: Certificate.Files, _ version: TLSVersion
        ) async throws -> String {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(files.tls.certificate)
            configuration.minimumTLSVersion = version
            configuration.maximumTLSVersion = version
            let client = try await RawClient.connect(
                port: server.running.port, tls: try NIOSSLContext(configuration: configuration))
            try await client.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            let text = try await client.textToEnd()
            if text.isEmpty { throw TestServerError.didNotStart }
            return text
        }

        /// A home whose socket's path is short enough for every system.
        private func withShortHome(_ body: (URL) async throws -> Void) async throws {
            let home = URL(fileURLWithPath: "/tmp/roost-\(UUID().uuidString.prefix(8))")
            defer { try? FileManager.default.removeItem(at: home) }
            try await body(home)
        }
    }
}

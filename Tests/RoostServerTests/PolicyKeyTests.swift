import Foundation
import Hummingbird
import Logging
import NIOHTTP1
import Roost
import Security
import Synchronization
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct PolicyKeyTests {
        @Test func `without keys nobody is asked for one, whatever a client sends`() async throws {
            try await TestServer.run { server async throws in
                #expect(try await server.send(.GET, "/api/tags").status == 200)
                #expect(try await server.send(.GET, "/api/tags", key: "ollama").status == 200)
                #expect(try await server.send(.GET, "/nothing").status == 404)
                #expect(!FileManager.default.fileExists(atPath: server.keyFile.path))
            }
        }

        @Test func `the first key closes a running server, and its last one does not open it`() async throws {
            try await TestServer.run { server in
                #expect(try await server.send(.GET, "/api/tags").status == 200)
                let key = try server.key("a")
                #expect(try await server.send(.GET, "/api/tags").status == 401)
                #expect(try await server.send(.GET, "/api/tags", key: key).status == 200)
                try server.keyFile.revoke("a")
                #expect(try await server.send(.GET, "/api/tags", key: key).status == 401)
                #expect(try await server.send(.GET, "/api/tags").status == 401)
                try FileManager.default.removeItem(atPath: server.keyFile.path)
                #expect(try await server.send(.GET, "/api/tags").status == 401)
            }
        }

        @Test func `keys are asked for always or never when the settings say so`() async throws {
            try await TestServer.run {
                $0.requiresKeys = true
            } _: { server async throws in
                #expect(try await server.send(.GET, "/api/tags").status == 401)
                #expect(try await server.send(.GET, "/api/version").status == 200)
            }
            try await TestServer.run {
                $0.requiresKeys = false
            } _: { server in
                _ = try server.key("a")
                #expect(try await server.send(.GET, "/api/tags").status == 200)
            }
        }

        @Test func `each dialect says it in its own words`() async throws {
            try await TestServer.run { server in
                let key = try server.key("a", [.infer])
                let ollama = try await server.send(.GET, "/api/tags")
                #expect(ollama.status == 401)
                #expect(try ollama.json.string("error")?.contains("roost keys create") == true)
                let openAI = try await server.send(.GET, "/v1/models", key: AccessToken().text)
                #expect(openAI.status == 401)
                #expect(try openAI.json.string("error.type") == "authentication_error")
                #expect(try openAI.json.string("error.code") == "invalid_api_key")
                #expect(openAI.headers["WWW-Authenticate"] == [#"Bearer realm="Roost""#])
                let scope = try await server.send(.GET, "/v1/models", key: key)
                #expect(scope.status == 403)
                #expect(try scope.json.string("error.type") == "permission_error")
                #expect(try scope.json.string("error.message")?.contains("“read”") == true)
            }
        }

        @Test func `whoever is nobody is not told which endpoints there are`() async throws {
            try await TestServer.run { server in
                let key = try server.key("a")
                for path in ["/api/nothing", "/v1/nothing", "/nothing", "/api/tags/x"] {
                    #expect(try await server.send(.GET, path).status == 401, "\(path)")
                    #expect(try await server.send(.GET, path, key: key).status == 404, "\(path)")
                }
                // A wrong method too.
                #expect(try await server.send(.GET, "/api/chat").status == 401)
                #expect(try await server.send(.GET, "/api/chat", key: key).status == 405)
            }
        }

        @Test func `a key comes as a bearer or as x-api-key, once`() async throws {
            try await TestServer.run { server in
                let (key, other) = (try server.key("a"), try server.key("b"))
                func status(_ headers: String) async throws -> Substring {
                    try await server.raw(
                        "GET /api/tags HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(headers)\r\n"
                    ).dropFirst("HTTP/1.1 ".count).prefix(3)
                }
                for good in [
                    "Authorization: Bearer \(key)\r\n", "authorization: bearer  \(key)\r\n", "X-Api-Key: \(key)\r\n",
                    "Authorization: Bearer \(key)\r\nX-API-Key: \(key)\r\n",
                ] {
                    #expect(try await status(good) == "200", "\(good)")
                }
                for bad in [
                    "Authorization: Bearer \(key)\r\nAuthorization: Bearer \(key)\r\n",
                    "Authorization: Bearer \(key)\r\nAuthorization: Bearer \(other)\r\n",
                    "X-API-Key: \(key)\r\nX-API-Key: \(key)\r\n",
                    "Authorization: Bearer \(key)\r\nX-API-Key: \(other)\r\n",
                    "Authorization: Bearer \(key), Bearer \(key)\r\n", "Authorization: \(key)\r\n",
                    "Authorization: Basic \(key)\r\n", "Authorization: Bearer\r\n",
                    "Authorization: Bearer \(key) x\r\n",
                    "Authorization: Basic YTpi\r\nX-API-Key: \(key)\r\n", "X-API-Key: \(key.dropLast())\r\n",
                    "Cookie: key=\(key)\r\n",
                ] {
                    #expect(try await status(bad) == "401", "\(bad)")
                }
                #expect(try await server.send(.GET, "/api/tags?key=\(key)").status == 401)
            }
        }

        @Test func `a key ends at its time`() async throws {
            let clock = Mutex(Date(timeIntervalSince1970: 1_700_000_000))
            try await TestServer.run { configuration in
                if let file = configuration.keys?.file {
                    configuration.keys = AccessKeys(file, now: { clock.withLock { $0 } })
                }
            } _: { server in
                let key = try server.key("a", lifetime: .seconds(60), now: clock.withLock { $0 })
                #expect(try await server.send(.GET, "/api/tags", key: key).status == 200)
                clock.withLock { $0 += 60 }
                let reply = try await server.send(.GET, "/api/tags", key: key)
                #expect(reply.status == 401)
                #expect(try reply.json.string("error")?.contains("expired") == true)
            }
        }

        @Test func `while the file of keys cannot be trusted the server answers nobody but its owner`() async throws {
            try await TestServer.run { server in
                let key = try server.key("a")
                let own = try #require(server.running.token)
                func setMode(_ mode: Int) throws {
                    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: server.keyFile.path)
                }
                try setMode(0o644)
                let reply = try await server.send(.GET, "/api/tags", key: key)
                #expect(reply.status == 503)
                // Paths of this machine are for its log.
                #expect(!reply.text.contains(server.home.path))
                #expect(try await server.send(.GET, "/api/tags", key: own).status == 200)
                #expect(try await server.send(.GET, "/api/tags").status == 503)
                #expect(try await server.send(.GET, "/health").status == 200)
                try setMode(0o600)
                #expect(try await server.send(.GET, "/api/tags", key: key).status == 200)
            }
        }

        @Test func `a file of keys that cannot be read keeps a server from starting`() async throws {
            try await TestServer.run { server in
                _ = try server.key("a")
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: server.keyFile.path)
                var configuration = RoostServerConfiguration(server.manager.configuration)
                configuration.port = 0
                configuration.runDirectory = nil
                let service = RoostService(
                    manager: server.manager, configuration: configuration, logger: .init(label: "test"))
                await #expect(throws: AccessKeyError.self) { try await service.run() }
            }
        }

        @Test func `the owner's token is made anew by each server and kept in its private record alone`() async throws {
            let first = try await TestServer.run { server in
                _ = try server.key("a")
                let token = try #require(server.running.token)
                #expect(RunningServer.recorded(inHome: server.home)?.token == token)
                #expect(try await server.send(.GET, "/api/ps", key: token).status == 200)
                #expect(try await server.send(.POST, "/roost/v1/models/none/pin", key: token).status == 404)
                return token
            }
            try await TestServer.run { server in
                _ = try server.key("a")
                #expect(server.running.token != first)
                #expect(try await server.send(.GET, "/api/ps", key: first).status == 401)
            }
        }

        @Test func `no file of the home has a key's secret`() async throws {
            try await TestServer.run { server in
                let keys = try (0..<3).map { try server.key("key\($0)") }
                for key in keys {
                    let body = #"{"model":"base","prompt":"a","stream":false,"options":{"num_predict":1}}"#
                    #expect(try await server.send(.POST, "/api/generate", body, key: key).status == 200)
                }
                try server.keyFile.revoke("key0")
                #expect(try await server.send(.GET, "/api/tags", key: keys[0]).status == 401)
                let names = try FileManager.default.subpathsOfDirectory(atPath: server.home.path)
                var scanned = 0
                for name in names {
                    let path = server.home.appending(path: name).path
                    guard let content = FileManager.default.contents(atPath: path) else { continue }
                    scanned += 1
                    for key in keys {
                        #expect(content.range(of: Data(key.suffix(43).utf8)) == nil, "\(name)")
                    }
                }
                #expect(scanned > 5)
            }
        }

        @Test func `whoever may open the Unix socket needs no key`() async throws {
            try await TestServer.run { server in
                let key = try server.key("a", [.read])
                let policy = KeyPolicy(configuration: RoostServerConfiguration(server.manager.configuration))
                func caller(_ headers: HTTPFields, isLocalSocket: Bool) throws -> Caller {
                    let head = HTTPRequest(
                        method: .get, scheme: nil, authority: "localhost", path: "/", headerFields: headers)
                    return try policy.caller(
                        of: Request(head: head, body: .init(buffer: .init())), isLocalSocket: isLocalSocket)
                }
                #expect(try caller([:], isLocalSocket: false) == .nobody(.missing))
                #expect(try caller([:], isLocalSocket: true) == .owner)
                // One who shows a key there wants to be taken for its holder.
                #expect(try caller([.authorization: "Bearer \(key)"], isLocalSocket: true).name == "a")
                #expect(try caller([.authorization: "Bearer x"], isLocalSocket: true) == .nobody(.unknown))
            }
        }
    }
}

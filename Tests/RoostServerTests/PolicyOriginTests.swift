import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

/// Requests as browsers write them.
extension ServerTests {
    @Suite struct PolicyOriginTests {
        private static let forms = [
            "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
        ]

        /// The status and the head of an answer to a request of a page.
        private static func ask(
            _ server: TestServer, _ method: String, _ path: String, _ headers: [String],
            body: String = #"{"model":"chat"}"#
        ) async throws -> (status: Substring, head: String) {
            let hasBody = method == "POST" || method == "DELETE"
            let reply = try await server.raw(
                "\(method) \(path) HTTP/1.1\r\nHost: localhost:\(server.running.port)\r\nConnection: close\r\n"
                    + headers.map { $0 + "\r\n" }.joined()
                    + (hasBody ? "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" : "\r\n"))
            let head = reply.components(separatedBy: "\r\n\r\n")[0].lowercased()
            return (reply.dropFirst("HTTP/1.1 ".count).prefix(3), head)
        }

        private static let strangers = [
            "https://evil.test", "null", "http://localhost", "http://localhost:3000", "http://127.0.0.1:1",
            "http://localhost.evil", "https://chat.example.evil", "http://chat.example", "https://chat.example:8443",
            "https://chat.example/", "app://obsidian.md", "", "*",
        ]

        @Test func `pages of other origins change nothing and read nothing`() async throws {
            try await TestServer.run {
                $0.allowedOrigins = ["https://chat.example"]
            } _: { server in
                for origin in Self.strangers {
                    for method in ["GET", "HEAD"] {
                        let reply = try await Self.ask(server, method, "/api/tags", ["Origin: \(origin)"])
                        #expect(reply.status == "200", "\(method) \(origin)")
                        #expect(!reply.head.contains("access-control"), "\(method) \(origin)")
                        #expect(reply.head.contains("vary: origin"))
                    }
                    for (method, path) in [("POST", "/api/show"), ("DELETE", "/api/delete"), ("OPTIONS", "/api/chat")] {
                        let reply = try await Self.ask(
                            server, method, path, ["Origin: \(origin)", "Access-Control-Request-Method: POST"])
                        #expect(reply.status == "403", "\(method) \(origin)")
                        #expect(!reply.head.contains("access-control"), "\(method) \(origin)")
                    }
                }
                #expect(try await server.manager.downloadedModels().count == 3)
            }
        }

        @Test func `without configured origins no page of another one is let in`() async throws {
            try await TestServer.run { server in
                for origin in Self.strangers + ["https://chat.example"] {
                    let reply = try await Self.ask(server, "POST", "/api/show", ["Origin: \(origin)"])
                    #expect(reply.status == "403", "\(origin)")
                    #expect(!reply.head.contains("access-control"), "\(origin)")
                }
            }
        }

        @Test func `pages of a configured origin may call and read`() async throws {
            try await TestServer.run {
                $0.allowedOrigins = ["https://Chat.Example", "http://localhost:3000", "app://obsidian.md"]
            } _: { server in
                for origin in ["https://chat.example", "http://localhost:3000", "app://obsidian.md"] {
                    let reply = try await Self.ask(server, "POST", "/api/show", ["Origin: \(origin)"])
                    #expect(reply.status == "200", "\(origin)")
                    #expect(reply.head.contains("access-control-allow-origin: \(origin)\r\n"), "\(origin)")
                    #expect(reply.head.contains("vary: origin"))
                    #expect(!reply.head.contains("access-control-allow-credentials"))
                }
                let preflight = try await Self.ask(
                    server, "OPTIONS", "/api/chat",
                    ["Origin: https://chat.example", "Access-Control-Request-Method: POST"])
                #expect(preflight.status == "204")
                #expect(preflight.head.contains("access-control-allow-origin: https://chat.example"))
                for name in ["authorization", "x-api-key", "content-type", "x-roost-save", "last-event-id"] {
                    #expect(preflight.head.contains(name), "\(name)")
                }
                let reply = try await Self.ask(server, "POST", "/api/show", ["Origin: https://chat.example"])
                #expect(reply.head.contains("access-control-expose-headers: x-roost-conversation, "), "\(reply.head)")
            }
        }

        @Test func `a configured page may read errors too, those of keys among them`() async throws {
            try await TestServer.run {
                $0.allowedOrigins = ["https://chat.example"]
            } _: { server in
                let headers = ["Origin": "https://chat.example"]
                let missing = try await server.send(.POST, "/api/show", #"{"model":"nobody"}"#, headers: headers)
                #expect(missing.status == 404)
                #expect(missing.headers["Access-Control-Allow-Origin"] == ["https://chat.example"])
                _ = try server.key("a")
                let refused = try await server.send(.GET, "/api/tags", headers: headers)
                #expect(refused.status == 401)
                #expect(refused.headers["Access-Control-Allow-Origin"] == ["https://chat.example"])
                // A browser sends no key with the question whether it may.
                let preflight = try await server.send(
                    .OPTIONS, "/api/tags", headers: headers.merging(["Access-Control-Request-Method": "GET"]) { $1 })
                #expect(preflight.status == 204)
            }
        }

        @Test func `the server's own pages may call`() async throws {
            try await TestServer.run { server in
                let own = "http://localhost:\(server.running.port)"
                for origin in [own, own.uppercased()] {
                    let reply = try await Self.ask(
                        server, "POST", "/api/show", ["Origin: \(origin)", "Sec-Fetch-Site: same-origin"])
                    #expect(reply.status == "200", "\(origin)")
                }
                // Another name of the same machine is another origin.
                for origin in ["http://127.0.0.1:\(server.running.port)", "https://localhost:\(server.running.port)"] {
                    #expect(try await Self.ask(server, "POST", "/api/show", ["Origin: \(origin)"]).status == "403")
                }
            }
        }

        @Test(arguments: forms)
        func `forms of other pages are refused`(contentType: String) async throws {
            try await TestServer.run { server async throws in
                for headers in [
                    ["Origin: https://evil.test"], ["Origin: null"], ["Origin: http://localhost:3000"],
                    ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"], ["Sec-Fetch-Site: nonsense"],
                    ["Origin: https://evil.test", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
                    ["Origin: https://evil.test", "Origin: http://localhost:\(server.running.port)"],
                ] {
                    let reply = try await Self.ask(
                        server, "POST", "/api/show",
                        headers + ["Content-Type: \(contentType)"])
                    #expect(reply.status == "403", "\(headers)")
                }
                // Programs send what they like: curl -d says that it sends a form.
                let program = try await Self.ask(server, "POST", "/api/show", ["Content-Type: \(contentType)"])
                #expect(program.status == "200")
            }
        }

        @Test func `a WebSocket of another page is refused, although it begins with GET`() async throws {
            try await TestServer.run { server async throws in
                let upgrade = [
                    "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                ]
                for headers in [["Origin: https://evil.test"], ["Origin: null"], ["Sec-Fetch-Site: cross-site"]] {
                    let reply = try await Self.ask(server, "GET", "/api/tags", upgrade + headers)
                    #expect(reply.status == "403", "\(headers)")
                }
            }
        }

        @Test(arguments: ["*", "*.example", "https://models.example", "a b", "", "models.example/x", "[::1"])
        func `a host name that is none keeps the server from starting`(name: String) async throws {
            await #expect(throws: RoostServerError.invalidHostName(name)) {
                try await TestServer.run {
                    $0.allowedHosts = [name]
                } _: { _ in
                }
            }
        }

        @Test(arguments: ["*", "null", "https://*.example", "chat.example"])
        func `an origin that is not exactly one keeps the server from starting`(origin: String) async throws {
            await #expect(throws: RoostServerError.invalidOrigin(origin)) {
                try await TestServer.run {
                    $0.allowedOrigins = [origin]
                } _: { _ in
                }
            }
        }
    }
}

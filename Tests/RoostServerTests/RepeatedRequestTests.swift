import Foundation
import NIOHTTP1
import Roost
import RoostServer
import Testing

extension ServerTests {
    /// Requests that are as one before are answered without being routed again: the same answer, for the same callers,
    /// only while it is true.
    @Suite struct RepeatedRequestTests {
        private static func repeatedCount(_ server: TestServer) async throws -> Double {
            try #require(try await Metrics(server)["roost_http_requests_repeated_total", [:]])
        }

        /// Asks until a request was answered as its like before: a store that was written a moment ago has no version.
        private static func settle(_ server: TestServer, _ path: String, headers: [String: String] = [:]) async throws {
            let before = try await repeatedCount(server)
            while try await repeatedCount(server) == before {
                #expect(try await server.send(.GET, path, headers: headers).status == 200)
            }
        }

        @Test(arguments: ["/api/tags", "/v1/models"])
        func `it is the same answer with another id, counted and logged`(path: String) async throws {
            let kept = KeptLog()
            try await TestServer.run(log: { kept.log() }) { server in
                let first = try await server.send(.GET, path)
                try await Self.settle(server, path)
                let count = try await Self.repeatedCount(server)
                let second = try await server.send(.GET, path)
                #expect(try await Self.repeatedCount(server) == count + 1)
                #expect(second.text == first.text && second.status == first.status)
                func names(_ reply: Reply) -> [String] { reply.headers.map { $0.name.lowercased() }.sorted() }
                #expect(names(first) == names(second))
                let ids = [first, second].map { $0.headers.first(name: "x-request-id") ?? "" }
                #expect(ids[0] != ids[1] && !ids[1].isEmpty)
                let lines = kept.lines.filter { $0.contains("path=\(path) ") }
                #expect(lines.count { $0.contains("request=\(ids[1])") } == 1)
                func shape(_ line: String?) -> [Substring]? {
                    line?.split(separator: " ").dropFirst().filter {
                        !$0.hasPrefix("request=") && !$0.hasPrefix("milliseconds=")
                    }
                }
                #expect(shape(lines.first) == shape(lines.last))
                let total = try await Metrics(server)[
                    "roost_http_requests_total", ["method": "GET", "route": path, "status": "2xx"]]
                #expect(total == Double(lines.count))
            }
        }

        @Test func `a model that comes or goes is seen at once`() async throws {
            try await TestServer.run { server in
                try await Self.settle(server, "/api/tags")
                _ = try await server.send(.POST, "/api/copy", #"{"source":"base","destination":"another"}"#)
                #expect(try await server.send(.GET, "/api/tags").text.contains("another:latest"))
                try await Self.settle(server, "/api/tags")
                _ = try await server.send(.DELETE, "/api/delete", #"{"model":"another"}"#)
                #expect(try await !server.send(.GET, "/api/tags").text.contains("another:latest"))
            }
        }

        @Test func `when keys come to be asked for, nobody has the answer without one`() async throws {
            try await TestServer.run { server in
                try await Self.settle(server, "/api/tags")
                let key = try server.key("laptop", models: ["base*"])
                #expect(try await server.send(.GET, "/api/tags").status == 401)
                let shown = try await server.send(.GET, "/api/tags", key: key)
                #expect(shown.status == 200 && !shown.text.contains("chat:latest"))
                // What a key may see is looked at each time.
                let count = try await Self.count(server, key)
                for _ in 0..<3 { _ = try await server.send(.GET, "/api/tags", key: key) }
                #expect(try await Self.count(server, key) == count)
            }
        }

        private static func count(_ server: TestServer, _ key: String) async throws -> String? {
            let admin = try server.key("admin-\(UUID().uuidString.prefix(8))", Set(AccessScope.allCases))
            return try await server.send(.GET, "/metrics", key: admin).text.split(separator: "\n")
                .first { $0.hasPrefix("roost_http_requests_repeated_total ") }.map(String.init)
        }

        @Test func `another host name or page is judged by itself`() async throws {
            try await TestServer.run { server in
                try await Self.settle(server, "/api/tags")
                #expect(try await server.send(.GET, "/api/tags", headers: ["Host": "evil.example"]).status == 403)
                let page = ["Origin": "https://evil.example"]
                let reply = try await server.send(.GET, "/api/tags", headers: page)
                #expect(reply.headers.first(name: "access-control-allow-origin") == nil)
                #expect(try await server.send(.HEAD, "/api/tags").body.isEmpty)
                #expect(try await server.send(.GET, "/api/tags?a=b").status == 200)
            }
        }

        @Test func `settings that change while the server runs hold for it too`() async throws {
            try await TestServer.run {
                $0.allowedOrigins = ["https://friend.example"]
            } _: { server in
                let page = ["Origin": "https://friend.example"]
                try await Self.settle(server, "/api/tags", headers: page)
                #expect(
                    try await server.send(.GET, "/api/tags", headers: page).headers
                        .first(name: "access-control-allow-origin") == page["Origin"])
                var configuration = RoostServerConfiguration(server.manager.configuration)
                configuration.allowedOrigins = []
                try server.control.reload(configuration, report: ReloadReport(number: 1))
                let reply = try await server.send(.GET, "/api/tags", headers: page)
                #expect(reply.headers.first(name: "access-control-allow-origin") == nil)
            }
        }

        @Test func `answers come in the order of the requests, and the last one ends the connection`() async throws {
            try await TestServer.run { server in
                let list = "GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n"
                while true {
                    // The one that counts what was repeated comes after it.
                    let text = try await server.raw(
                        list + "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    if !text.contains("roost_http_requests_repeated_total 0\n") { break }
                }
                let text = try await server.raw(
                    "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + list + "GET /api/version HTTP/1.1\r\n"
                        + "Host: localhost\r\n\r\n" + list + list.dropLast() + "Connection: close\r\n\r\n" + list)
                let answers = text.components(separatedBy: "HTTP/1.1 200 OK").dropFirst()
                let kinds = answers.map { answer in
                    answer.contains("models") ? "list" : answer.contains("{\"version\":") ? "version" : "health"
                }
                #expect(kinds == ["health", "list", "version", "list", "list"])
                #expect(answers.last?.lowercased().contains("connection: close") == true)
                let old = try await server.raw("GET /api/tags HTTP/1.0\r\nHost: localhost\r\n\r\n")
                #expect(old.hasPrefix("HTTP/1.0 200"))
            }
        }
    }
}

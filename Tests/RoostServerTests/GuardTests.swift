import Foundation
import NIOHTTP1
import Roost
import RoostServer
import Testing

extension ServerTests {
    @Suite struct GuardTests {
        /// Where a server listens makes no difference.
        private static let addresses = ["127.0.0.1", "0.0.0.0"]

        @Test(arguments: addresses)
        func `only allowed names in Host are answered`(address: String) async throws {
            try await TestServer.run {
                $0.host = address
                $0.allowsInsecureListening = true
                $0.allowedHosts = ["models.example", "Box.lan:443"]
            } _: { server in
                for host in [
                    "localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:80", "[::1]:11535", "models.example",
                    "models.example:9", "box.lan",
                ] {
                    let reply = try await server.send(.GET, "/api/tags", headers: ["Host": host])
                    #expect(reply.status == 200, "\(host)")
                }
                for host in [
                    "evil.test", "x.local", "127.0.0.1.evil", "localhost.evil:80", "localhost:x", "[::1", "127.0.0.2",
                    "", "0.0.0.0", "localhost.", "localhost@evil.test", "models.example.evil", "localhost, evil.test",
                ] {
                    for path in ["/api/tags", "/", "/health"] {
                        let reply = try await server.send(.GET, path, headers: ["Host": host])
                        #expect(reply.status == 403, "\(host) \(path)")
                    }
                }
            }
        }

        @Test(arguments: addresses)
        func `a Host that is doubled or missing is refused`(address: String) async throws {
            try await TestServer.run {
                $0.host = address
                $0.allowsInsecureListening = true
            } _: { server in
                for hosts in ["Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nhost: evil.test\r\n", ""] {
                    let reply = try await server.raw("GET /api/tags HTTP/1.1\r\n\(hosts)Connection: close\r\n\r\n")
                    #expect(reply.hasPrefix("HTTP/1.1 403 "), "\(hosts)")
                }
            }
        }

        @Test func `a target that names this server does not stand for its Host`() async throws {
            try await TestServer.run { server async throws in
                let reply = try await server.raw(
                    "GET http://localhost/api/tags HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")
                #expect(reply.hasPrefix("HTTP/1.1 403 "))
            }
        }

        @Test func `a body beyond the limit is refused, declared or not`() async throws {
            try await TestServer.run {
                $0.maximumBodyByteCount = 1000
            } _: { server in
                let body = #"{"model":"base","prompt":"\#(String(repeating: "a", count: 2000))"}"#
                let declared = try await server.send(.POST, "/api/generate", body)
                #expect(declared.status == 413)
                #expect(try declared.json.string("error")?.contains("1000") == true)
                let chunked = try await server.raw(
                    "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
                )
                #expect(chunked.hasPrefix("HTTP/1.1 413 "))
                #expect(chunked.contains(#""type":"invalid_request_error""#))
            }
        }

        @Test func `JSON that nests too deep is refused before it is parsed`() async throws {
            try await TestServer.run { server in
                let deep = String(repeating: "[", count: 100_000)
                let reply = try await server.send(.POST, "/api/chat", #"{"model":"base","tools":\#(deep)"#)
                #expect(reply.status == 400)
                #expect(try reply.json.string("error") == "The request body nests deeper than 64 levels.")
                for (depth, isRefused) in [(63, false), (64, true)] {
                    let format = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                    let reply = try await server.send(.POST, "/api/chat", #"{"model":"base","format":\#(format)}"#)
                    #expect((reply.status == 400) == isRefused, "\(depth + 1) levels")
                }
                let brackets = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"base","prompt":"\#(deep)\"{","options":{"num_predict":1}}"#)
                // Refused for its length alone: brackets in strings do not nest.
                #expect(try brackets.json.string("error")?.contains("context length") == true)
            }
        }

        @Test func `half a megabyte of blanks where a number should be is refused as any other text`() async throws {
            try await TestServer.run { server in
                for count in [10_000, 500_000] {
                    let blanks = String(repeating: " ", count: count)
                    for text in [#"{"a":\#(blanks)}"#, #"{"a":[\#(blanks)}"#, #"{"a"\#(blanks)}"#] {
                        let reply = try await server.send(.POST, "/api/generate", text)
                        #expect(reply.status == 400)
                        #expect(try reply.json.string("error")?.contains("not valid JSON") == true)
                    }
                }
            }
        }

        @Test func `unknown endpoints and methods have the dialect's form`() async throws {
            try await TestServer.run { server in
                let ollama = try await server.send(.GET, "/api/nothing")
                #expect(ollama.status == 404)
                #expect(try ollama.json.string("error") == "There is no endpoint GET /api/nothing.")
                let openAI = try await server.send(.POST, "/v1/nothing", "{}")
                #expect(openAI.status == 404)
                #expect(try openAI.json.string("error.type") == "invalid_request_error")
                let other = try await server.send(.GET, "/favicon.ico")
                #expect(other.status == 404)
                let method = try await server.send(.GET, "/api/generate")
                #expect(method.status == 405)
                #expect(try method.json.string("error") == "/api/generate takes POST, not GET.")
                #expect(method.headers["Allow"] == ["POST"])
                #expect(try await server.send(.PUT, "/api/tags").headers["Allow"] == ["GET, HEAD"])
                #expect(try await server.send(.DELETE, "/v1/chat/completions").status == 405)
            }
        }

        @Test func `headers beyond 16 KiB end the connection`() async throws {
            try await TestServer.run { server in
                let reply = try await server.raw(
                    "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: \(String(repeating: "a", count: 20_000))\r\n\r\n")
                #expect(reply.hasPrefix("HTTP/1.1 4"))
            }
        }

        @Test func `a request with both a length and chunks is refused`() async throws {
            try await TestServer.run { server in
                let reply = try await server.raw(
                    "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
                        + "\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(!reply.contains("200 OK"))
            }
        }

        @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com", ""])
        func `listening beyond this machine must be asked for`(host: String) async throws {
            let expected = RoostServerError.insecureListenAddress(host: host, lacksKeys: true, lacksEncryption: true)
            await #expect(throws: expected) {
                try await TestServer.run {
                    $0.host = host
                } _: { _ in
                }
            }
        }
    }
}

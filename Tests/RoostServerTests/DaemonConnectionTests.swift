import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Roost
import RoostServer
import Testing
import Waiting

extension ServerTests {
    /// What a connection may do, and for how long.
    @Suite struct DaemonConnectionTests {
        private static let get = "GET /health HTTP/1.1\r\nHost: localhost\r\n"

        @Test func `answers follow each other on a connection, until the client says that one is the last`()
            async throws
        {
            try await TestServer.run { server async throws in
                let reply = try await server.raw(
                    Self.get + "\r\n" + Self.get + "\r\n" + Self.get + "Connection: close\r\n\r\n" + Self.get + "\r\n")
                let parts = reply.components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst()
                #expect(parts.count == 3)
                #expect(parts.map { $0.lowercased().contains("connection: close") } == [false, false, true])
            }
        }

        @Test func `a client of HTTP 1.0 gets no chunks, and the end of the connection as the end`() async throws {
            try await TestServer.run { server async throws in
                let body = #"{"model":"base","prompt":"a","options":{"num_predict":3}}"#
                let reply = try await server.raw(
                    "POST /api/generate HTTP/1.0\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
                #expect(reply.hasPrefix("HTTP/1.0 200 OK\r\n"))
                #expect(!reply.lowercased().contains("transfer-encoding"))
                #expect(reply.contains(#""done":true"#) && reply.hasSuffix("}\n"))
            }
        }

        @Test func `a stream to a client of HTTP 1.0 ends with the connection, also where that would be kept`()
            async throws
        {
            try await TestServer.run { server async throws in
                let body = #"{"model":"base","prompt":"a","options":{"num_predict":3}}"#
                let reply = try await server.raw(
                    "POST /api/generate HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(reply.lowercased().contains("connection: close\r\n"), "\(reply)")
                #expect(reply.contains(#""done":true"#) && reply.hasSuffix("}\n"))
            }
        }

        @Test func `a client of HTTP 1.0 is not asked for the body`() async throws {
            try await TestServer.run { server async throws in
                let body = #"{"model":"nobody"}"#
                let reply = try await server.raw(
                    "POST /api/show HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(reply.hasPrefix("HTTP/1.0 404 "), "\(reply)")
            }
        }

        @Test func `a client that waits to be asked for the body is asked`() async throws {
            try await TestServer.run { server async throws in
                let body = #"{"model":"nobody"}"#
                let client = try await RawClient.connect(port: server.running.port)
                try await client.send(
                    "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n"
                        + "Expect: 100-continue\r\nConnection: close\r\n\r\n")
                let asked = try await client.text { $0.hasSuffix("\r\n\r\n") }
                #expect(asked.hasPrefix("HTTP/1.1 100 Continue\r\n"))
                try await client.send(body)
                #expect(try await client.textToEnd().contains("HTTP/1.1 404 Not Found\r\n"))
            }
        }

        @Test(arguments: [
            "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
            "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            "POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\0\0 hello\r\n\r\n",
            "GET /\u{1} HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
        ])
        func `what is not one request is refused in words, and ends the connection`(request: String) async throws {
            try await TestServer.run { server async throws in
                let client = try await RawClient.connect(port: server.running.port)
                try await client.send(request)
                let reply = try await client.textToEnd()
                #expect(reply.hasPrefix("HTTP/1.1 400 "), "\(reply)")
                #expect(reply.contains(#"{"error":"#), "\(reply)")
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        enum LargeHead: CaseIterable {
            case field, fields, path, pathWithoutEnd

            var text: String {
                switch self {
                case .field: "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n"
                case .fields: "GET / HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: a\r\n", count: 200))\r\n"
                case .path: "GET /\(String(repeating: "a", count: 200_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n"
                case .pathWithoutEnd: "GET /\(String(repeating: "a", count: 200_000))"
                }
            }
        }

        @Test(arguments: LargeHead.allCases)
        func `a head that is too large is refused with 431`(head: LargeHead) async throws {
            try await TestServer.run { server async throws in
                let client = try await RawClient.connect(port: server.running.port)
                try await client.send(head.text)
                let reply = try await client.textToEnd()
                #expect(reply.hasPrefix("HTTP/1.1 431 "), "\(reply.prefix(300))")
            }
        }

        @Test func `requests that trickle are ended, and others are not held up`() async throws {
            try await TestServer.run {
                $0.connectionLimits.headTimeout = .milliseconds(300)
                $0.connectionLimits.bodyTimeout = .milliseconds(300)
            } _: { server async throws in
                let head = try await RawClient.connect(port: server.running.port)
                try await head.send("GET /health HTTP/1.1\r\nHo")
                let body = try await RawClient.connect(port: server.running.port)
                try await body.send("POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
                // Bytes that keep coming do not buy more time than they are worth.
                let dribble = Task {
                    while try await !head.isClosed {
                        try await head.send("s")
                        try await body.send(" ")
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
                defer { dribble.cancel() }
                #expect(try await head.textToEnd().hasPrefix("HTTP/1.1 408 "))
                let reply = try await body.textToEnd()
                #expect(reply.hasPrefix("HTTP/1.1 408 ") && reply.contains("did not arrive in time"), "\(reply)")
                #expect(try await server.send(.GET, "/health").status == 200)
            }
        }

        @Test func `a connection that nobody uses is closed without a word`() async throws {
            try await TestServer.run {
                $0.connectionLimits.idleTimeout = .milliseconds(200)
            } _: { server async throws in
                let fresh = try await RawClient.connect(port: server.running.port)
                var reply = ""
                let isAnswered = try await eventually {
                    let used = try await RawClient.connect(port: server.running.port)
                    // The server may have closed by then.
                    try? await used.send(Self.get + "\r\n")
                    reply = try await used.textToEnd()
                    return !reply.isEmpty
                }
                #expect(isAnswered)
                #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(try await fresh.textToEnd() == "")
            }
        }

        @Test func `an answer that takes longer than an idle connection may last is not cut`() async throws {
            let kept = KeptLog()
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.connectionLimits.idleTimeout = .milliseconds(50)
                $0.connectionLimits.bodyTimeout = .milliseconds(50)
            } log: {
                kept.log()
            } _: { server async throws in
                var opened: HTTPClientResponse?
                // The request itself may come too late.
                let isAnswered = try await eventually {
                    opened = try? await server.open(
                        .POST, "/api/generate", #"{"model":"endless","prompt":"a","options":{"num_predict":-1}}"#)
                    return opened?.status == .ok
                }
                #expect(isAnswered)
                let response = try #require(opened)
                let began = ContinuousClock.now
                var bytes = 0
                var cutCount = 0
                for try await part in response.body {
                    bytes += part.readableBytes
                    guard ContinuousClock.now - began > .milliseconds(500) else { continue }
                    cutCount = kept.lines.count { $0.contains("path=/api/generate") && !$0.contains("status=408") }
                    break
                }
                #expect(ContinuousClock.now - began > .milliseconds(500) && bytes > 0)
                // Of requests that came in time none was cut, neither before its answer nor in it.
                #expect(cutCount == 0, "\(kept.text)")
            }
        }

        @Test func `a body that is refused unread does not have to be sent`() async throws {
            try await TestServer.run {
                $0.maximumBodyByteCount = 1000
            } _: { server async throws in
                let client = try await RawClient.connect(port: server.running.port)
                try await client.send(
                    "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\n{")
                let reply = try await client.textToEnd()
                #expect(reply.hasPrefix("HTTP/1.1 413 ") && reply.lowercased().contains("connection: close"))
            }
        }

        @Test func `more connections than there may be are told to come back`() async throws {
            try await TestServer.run {
                $0.maximumConnectionCount = 2
            } _: { server async throws in
                let first = try await RawClient.connect(port: server.running.port)
                let second = try await RawClient.connect(port: server.running.port)
                for client in [first, second] {
                    try await client.send(Self.get + "\r\n")
                    #expect(try await client.text { $0.contains("ok") }.hasPrefix("HTTP/1.1 200 "))
                }
                let third = try await RawClient.connect(port: server.running.port)
                // The server says it without being asked, and closes.
                try? await third.send(Self.get + "\r\n")
                let reply = try await third.textToEnd()
                #expect(reply.hasPrefix("HTTP/1.1 503 ") && reply.contains("Retry-After: 1"), "\(reply)")
                await first.close()
                #expect(
                    try await eventually {
                        let next = try await RawClient.connect(port: server.running.port)
                        try? await next.send(Self.get + "Connection: close\r\n\r\n")
                        return try await next.textToEnd().hasPrefix("HTTP/1.1 200 ")
                    })
                await second.close()
            }
        }

        @Test func `a request for a protocol that is not offered is answered as it is, and nothing piles up`()
            async throws
        {
            try await TestServer.run { server async throws in
                let client = try await RawClient.connect(port: server.running.port)
                try await client.send(Self.get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")
                // The server may have closed by then.
                try? await client.send(String(repeating: "x", count: 100_000))
                let reply = try await client.textToEnd()
                #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n") && reply.lowercased().contains("connection: close"))
            }
        }
    }
}

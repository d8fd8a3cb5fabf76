import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Roost
import RoostServer
import Testing
import Waiting

extension ServerTests {
    /// The end of a server: what runs is finished or told, what waits is told, and nothing is cut.
    @Suite struct DrainTests {
        private static let health = "GET /health HTTP/1.1\r\nHost: localhost\r\n"

        private static func generate(_ more: String) -> String {
            let body = #"{"model":"endless","prompt":"a",\#(more)}"#
            return "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }

        @Test func `idle connections go at once, and one that is answering after its answer`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.drainDuration = .seconds(3600)
            } _: { server async throws in
                let unused = try await RawClient.connect(port: server.running.port)
                let idle = try await RawClient.connect(port: server.running.port)
                try await idle.send(Self.health + "\r\n")
                _ = try await idle.text { $0.contains("ok") }
                let busy = try await RawClient.connect(port: server.running.port)
                try await busy.send(Self.generate(#""options":{"num_predict":3000}"#))
                _ = try await busy.text { $0.contains("response") }
                await server.triggerShutdown()
                #expect(try await unused.textToEnd() == "")
                #expect(try await idle.textToEnd().components(separatedBy: "HTTP/1.1 ").count == 2)
                let answer = try await busy.textToEnd()
                #expect(answer.contains(#""eval_count":3000"#) && answer.hasSuffix("0\r\n\r\n"))
                await #expect(throws: (any Error).self) {
                    _ = try await RawClient.connect(port: server.running.port)
                }
            }
        }

        @Test func `requests that come on open connections meanwhile are told to come back, and health tells why`()
            async throws
        {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.drainDuration = .seconds(3600)
                $0.connectionLimits.headTimeout = .seconds(3600)
            } _: { server async throws in
                // Requests whose end has not come when the server is told to stop.
                var clients: [RawClient] = []
                for path in ["/health", "/api/tags", "/v1/models"] {
                    let client = try await RawClient.connect(port: server.running.port)
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n")
                    clients.append(client)
                }
                // Answered after those have been read: connections of one loop or another are read in turn.
                #expect(try await server.send(.GET, "/health").status == 200)
                let busy = try await RawClient.connect(port: server.running.port)
                try await busy.send(Self.generate(#""options":{"num_predict":-1}"#))
                _ = try await busy.text { $0.contains("response") }
                await server.triggerShutdown()
                #expect(try await eventually { server.control.isDraining })
                var replies: [String] = []
                for client in clients {
                    try await client.send("\r\n")
                    replies.append(try await client.textToEnd())
                }
                for reply in replies {
                    #expect(reply.hasPrefix("HTTP/1.1 503 "), "\(reply)")
                    #expect(reply.lowercased().contains("connection: close"), "\(reply)")
                }
                #expect(replies[0].contains(#""status":"draining""#))
                for reply in replies.dropFirst() {
                    #expect(reply.contains("Retry-After: ") && reply.contains("shutting down"), "\(reply)")
                }
                server.control.end()
                #expect(try await busy.textToEnd().contains("shutting down"))
            }
        }

        @Test func `a second word ends what runs at once, with whole answers`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.drainDuration = .seconds(3600)
            } _: { server async throws in
                let stream = try await RawClient.connect(port: server.running.port)
                try await stream.send(Self.generate(#""options":{"num_predict":-1}"#))
                _ = try await stream.text { $0.contains("response") }
                let whole = try await RawClient.connect(port: server.running.port)
                try await whole.send(Self.generate(#""stream":false"#))
                #expect(try await eventually { try await server.activeRequestCount() == 2 })
                await server.triggerShutdown()
                server.control.end()
                let text = try await stream.textToEnd()
                #expect(text.contains("shutting down") && text.hasSuffix("0\r\n\r\n"))
                #expect(try await whole.textToEnd().hasPrefix("HTTP/1.1 503 "))
            }
        }

        @Test func `a server whose task is cancelled ends in order, whatever its connections do`() async throws {
            for round in 0..<5 {
                let drain = Duration.milliseconds(round * 5)
                try await TestServer.run(contextLength: TestServer.endlessContext) {
                    $0.drainDuration = drain
                } _: { server async throws in
                    let port = server.running.port
                    // In every state: silent, in a head, in a body, waiting, reading a stream, not reading it.
                    var clients: [RawClient] = []
                    for _ in 0..<5 {
                        clients.append(try await RawClient.connect(port: port))
                        for text in [
                            "GE", "POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
                            Self.generate(#""options":{"num_predict":-1}"#), Self.generate(#""stream":false"#),
                            Self.health + "\r\n",
                        ] {
                            clients.append(try await RawClient.connect(port: port))
                            try await clients.last?.send(text)
                        }
                        clients.append(try await RawClient.connect(port: port, reads: false))
                        try await clients.last?.send(Self.generate(#""options":{"num_predict":-1}"#))
                    }
                    // More are on their way while it ends.
                    let arriving = Task {
                        while !Task.isCancelled {
                            guard let client = try? await RawClient.connect(port: port) else { return }
                            try? await client.send(Self.health)
                        }
                    }
                    if round.isMultiple(of: 2) { await server.triggerShutdown() }
                    server.cancel()
                    try await server.waitForEnd()
                    arriving.cancel()
                    for client in clients { await client.close() }
                    #expect(try await eventually { try await server.activeRequestCount() == 0 })
                }
            }
        }
    }
}

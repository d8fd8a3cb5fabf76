import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Roost
import RoostServer
import Testing
import Waiting

/// The endless model's answers take hours: a slot that is free within seconds was freed by the cancellation.
extension ServerTests {
    @Suite struct CancellationTests {
        private static let requests = [
            ("/api/generate", #"{"model":"endless","prompt":"a","options":{"temperature":0}}"#),
            (
                "/api/chat",
                #"{"model":"endless","messages":[{"role":"user","content":"a"}],"options":{"temperature":0}}"#
            ),
            (
                "/v1/chat/completions",
                #"{"model":"endless","stream":true,"temperature":0,"messages":[{"role":"user","content":"a"}]}"#
            ),
            (
                "/v1/completions",
                #"{"model":"endless","stream":true,"temperature":0,"prompt":"a","max_tokens":90000000}"#
            ),
        ]

        @Test(arguments: requests)
        func `a client that goes away in mid-stream frees the slot`(path: String, body: String) async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                let response = try await server.open(.POST, path, body)
                #expect(response.status == .ok)
                var bytes = 0
                for try await part in response.body {
                    bytes += part.readableBytes
                    if bytes > 500 { break }
                }
                #expect(try await eventually { try await server.activeRequestCount() == 0 })
                let next = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"endless","prompt":"b","stream":false,"options":{"num_predict":2,"temperature":0}}"#)
                #expect(next.status == 200)
            }
        }

        @Test func `a client that goes away while nothing is written frees the slot`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server async throws in
                let body = #"{"model":"endless","prompt":"a","stream":false,"options":{"temperature":0}}"#
                let request = Task { try await server.send(.POST, "/api/generate", body) }
                #expect(try await eventually { try await server.activeRequestCount() == 1 })
                request.cancel()
                #expect(try await eventually { try await server.activeRequestCount() == 0 })
                await #expect(throws: (any Error).self) { try await request.value }
            }
        }

        @Test func `a client that goes away while it waits for its turn leaves the queue`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                let (path, body) = Self.requests[0]
                let running = try await server.open(.POST, path, body)
                // Its turn may have come when it is cancelled: then it goes away while it reads.
                let waiting = Task {
                    for try await _ in try await server.open(.POST, path, body).body {}
                }
                #expect(try await eventually { try await server.activeRequestCount() == 2 })
                waiting.cancel()
                #expect(try await eventually { try await server.activeRequestCount() == 1 })
                _ = try? await waiting.value
                for try await _ in running.body { break }
            }
        }

        @Test func `a connection serves on after a stream`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"base","prompt":"a","options":{"num_predict":3}}"#
                let request =
                    "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                let reply = try await server.raw(
                    request + "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(reply.contains(#""done_reason":"length""#))
                #expect(reply.contains(#""status":"ok""#))
            }
        }

        @Test(arguments: requests)
        func `shutdown ends a stream with a whole error`(path: String, body: String) async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                let response = try await server.open(.POST, path, body)
                var text = ""
                for try await part in response.body {
                    if text.isEmpty { await server.triggerShutdown() }
                    text += String(buffer: part)
                }
                if path.hasPrefix("/api/") {
                    let last = try #require(text.split(separator: "\n").last)
                    #expect(
                        try JSONObject(Data(last.utf8)).string("error")?.contains("shutting down") == true, "\(last)")
                    #expect(text.hasSuffix("\n"))
                } else {
                    let events = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
                    #expect(events.last == "data: [DONE]")
                    let error = try #require(events.dropLast().last?.dropFirst("data: ".count))
                    #expect(try JSONObject(Data(error.utf8)).string("error.type") == "server_error")
                }
                #expect(try await eventually { try await server.activeRequestCount() == 0 })
            }
        }

        @Test func `shutdown answers a request that waits with 503`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                let body = #"{"model":"endless","prompt":"a","stream":false,"options":{"temperature":0}}"#
                async let reply = server.send(.POST, "/api/generate", body)
                #expect(try await eventually { try await server.activeRequestCount() == 1 })
                await server.triggerShutdown()
                let answer = try await reply
                #expect(answer.status == 503)
                #expect(answer.headers["Retry-After"] == ["1"])
                #expect(try answer.json.string("error")?.contains("shutting down") == true)
            }
        }

        @Test func `shutdown lets a short answer finish`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.drainDuration = .seconds(3600)
            } _: { server in
                let response = try await server.open(
                    .POST, "/api/generate", #"{"model":"endless","prompt":"a","options":{"num_predict":300}}"#)
                var text = ""
                for try await part in response.body {
                    if text.isEmpty { await server.triggerShutdown() }
                    text += String(buffer: part)
                }
                let last = try #require(text.split(separator: "\n").last)
                #expect(try JSONObject(Data(last.utf8)).int("eval_count") == 300)
            }
        }
    }
}

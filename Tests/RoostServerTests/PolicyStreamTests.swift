import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Security
import Synchronization
import Testing
import Waiting

@testable import RoostServer

/// The endless model's answers take hours: what ends within the test was ended.
extension ServerTests {
    @Suite struct PolicyStreamTests {
        private static let requests = [
            ("/api/generate", #"{"model":"endless","prompt":"a","options":{"temperature":0}}"#),
            (
                "/v1/chat/completions",
                #"{"model":"endless","stream":true,"temperature":0,"messages":[{"role":"user","content":"a"}]}"#
            ),
        ]

        @Test(arguments: requests)
        func `a key that is revoked ends its streams, and those alone`(path: String, body: String) async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) { server in
                let (key, other) = (try server.key("a"), try server.key("b"))
                let response = try await server.open(
                    .POST, path, body, headers: ["Authorization": "Bearer \(key)"])
                let stays = try await server.open(.POST, path, body, headers: ["Authorization": "Bearer \(other)"])
                #expect(response.status == .ok && stays.status == .ok)
                var others = stays.body.makeAsyncIterator()
                #expect(try await others.next() != nil)
                var text = ""
                var revokedAt: ContinuousClock.Instant?
                for try await part in response.body {
                    if revokedAt == nil {
                        try server.keyFile.revoke("a")
                        revokedAt = .now
                    }
                    text += String(buffer: part)
                }
                let duration = ContinuousClock.now - (try #require(revokedAt))
                // A second is what is promised; the machine of the tests may be busy.
                #expect(duration < .seconds(60))
                if path.hasPrefix("/api/") {
                    let last = try #require(text.split(separator: "\n").last)
                    #expect(try JSONObject(Data(last.utf8)).string("error")?.contains("revoked") == true, "\(last)")
                } else {
                    let events = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
                    let error = try #require(events.dropLast().last?.dropFirst("data: ".count))
                    #expect(try JSONObject(Data(error.utf8)).string("error.code") == "invalid_api_key")
                }
                #expect(try await eventually { try await server.activeRequestCount() == 1 })
                #expect(try await others.next() != nil)
            }
        }

        @Test func `a key that expires ends an answer in one piece with 401`() async throws {
            let clock = Mutex(Date(timeIntervalSince1970: 1_700_000_000))
            try await TestServer.run(contextLength: TestServer.endlessContext) { configuration in
                if let file = configuration.keys?.file {
                    configuration.keys = AccessKeys(file, now: { clock.withLock { $0 } })
                }
            } _: { server in
                let key = try server.key("a", lifetime: .seconds(60), now: clock.withLock { $0 })
                let body = #"{"model":"endless","prompt":"a","stream":false,"options":{"temperature":0}}"#
                async let reply = server.send(.POST, "/api/generate", body, key: key)
                #expect(try await eventually { try await server.activeRequestCount() == 1 })
                clock.withLock { $0 += 60 }
                let answer = try await reply
                #expect(answer.status == 401)
                #expect(try answer.json.string("error")?.contains("expired") == true)
                #expect(try await eventually { try await server.activeRequestCount() == 0 })
            }
        }

        @Test func `two keys never share what was computed for a prompt`() async throws {
            try await TestServer.run { server in
                let (key, other) = (try server.key("a"), try server.key("b"))
                let prompt = String(repeating: "hello world ", count: 20)
                func cached(_ key: String) async throws -> Int? {
                    let body = #"{"model":"base","prompt":"\#(prompt)","max_tokens":1,"temperature":0}"#
                    let reply = try await server.send(.POST, "/v1/completions", body, key: key)
                    #expect(reply.status == 200, "\(reply.text)")
                    return try reply.json.int("usage.prompt_tokens_details.cached_tokens")
                }
                #expect(try await cached(key) == 0)
                #expect(try await cached(other) == 0)
                #expect(try #require(try await cached(key)) > 0)
                #expect(try #require(try await cached(other)) > 0)
                let owner = try #require(server.running.token)
                #expect(try await cached(owner) == 0)
            }
        }
    }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Roost
import Testing

extension ServerTests {
    @Suite struct NativeDownloadTests {
        private static let begin = #"{"model":"tiny:1b"}"#

        /// The events of a download, from where it is to its end; `onMore` is told of all that have come.
        private static func follow(
            _ server: TestServer, _ id: String, onMore: @Sendable ([JSONObject]) async throws -> Void = { _ in }
        ) async throws -> [JSONObject] {
            let response = try await server.open(.GET, "/roost/v1/downloads/\(id)/events")
            var text = ""
            var events: [JSONObject] = []
            for try await part in response.body {
                text += String(buffer: part)
                events = try Self.events(in: text)
                try await onMore(events)
            }
            return events
        }

        private static func events(in text: String) throws -> [JSONObject] {
            // After the last empty line stands the beginning of an event, or nothing.
            try text.components(separatedBy: "\n\n").dropLast().compactMap { event in
                let lines = event.split(separator: "\n")
                guard lines.contains("event: download"), let data = lines.first(where: { $0.hasPrefix("data: ") })
                else {
                    return nil
                }
                return try JSONObject(Data(data.dropFirst(6).utf8))
            }
        }

        @Test func `a download is begun, listed, followed to its end and known after it`() async throws {
            try await OllamaPullTests().withLibrary(bytesPerSecond: 10_000) { server, _ in
                let reply = try await server.send(.POST, "/roost/v1/downloads", Self.begin)
                #expect(reply.status == 202, "\(reply.text)")
                let id = try #require(try reply.json.string("id"))
                #expect(try reply.json.string("model") == "tiny:1b")
                #expect(try await server.send(.GET, "/roost/v1/downloads").text.contains(id))
                let events = try await Self.follow(server, id) { events in
                    // Slow until some steps were seen.
                    guard Set(events.compactMap { $0.int("completed") }).count > 2 else { return }
                    try await server.manager.setBandwidthLimit(nil)
                }
                #expect(events.last?.string("state") == "completed")
                #expect(events.last?.int("completed") == events.last?.int("total"))
                let counts = events.compactMap { $0.int("completed") }
                #expect(counts == counts.sorted() && Set(counts).count > 2)
                #expect(events.allSatisfy { $0.string("id") == id })
                #expect(try await server.send(.GET, "/roost/v1/downloads").text == "[]")
                // It is known for a while, by its number and by its name.
                for name in [id, "tiny:1b"] {
                    let known = try await server.send(.GET, "/roost/v1/downloads/\(name)").json
                    #expect(known.string("state") == "completed")
                }
                #expect(try await server.send(.POST, "/roost/v1/downloads", Self.begin).status == 200)
                #expect(try await server.manager.model(named: "tiny:1b").byteCount > 0)
            }
        }

        @Test func `a download rests when it is told to, goes on where it was, faster or slower`() async throws {
            try await OllamaPullTests().withLibrary(bytesPerSecond: 10_000) { server, _ in
                let id = try #require(
                    try await server.send(.POST, "/roost/v1/downloads", Self.begin).json.string("id"))
                func state() async throws -> JSONObject {
                    try await server.send(.GET, "/roost/v1/downloads/\(id)").json
                }
                while try await state().int("completed") ?? 0 == 0 { try await Task.sleep(for: .milliseconds(10)) }
                #expect(try await server.send(.POST, "/roost/v1/downloads/\(id)/pause").status == 202)
                while try await state().string("state") != "paused" { try await Task.sleep(for: .milliseconds(10)) }
                let rested = try #require(try await state().int("completed"))
                #expect(rested > 0)
                let limit = try await server.send(
                    .PUT, "/roost/v1/downloads/\(id)/limit", #"{"bytes_per_second":null}"#)
                #expect(limit.status == 202, "\(limit.text)")
                let all = try await server.send(.PUT, "/roost/v1/downloads/limit", #"{"bytes_per_second":9000000}"#)
                #expect(try all.json.int("bytes_per_second") == 9_000_000)
                #expect(try await server.send(.POST, "/roost/v1/downloads/\(id)/resume").status == 202)
                let events = try await Self.follow(server, id)
                #expect(events.last?.string("state") == "completed")
                #expect(events.allSatisfy { $0.int("completed") ?? 0 >= rested })
            }
        }

        @Test func `a download that is cancelled leaves nothing`() async throws {
            try await OllamaPullTests().withLibrary(bytesPerSecond: 10_000) { server, _ in
                let id = try #require(
                    try await server.send(.POST, "/roost/v1/downloads", Self.begin).json.string("id"))
                async let events = Self.follow(server, id)
                while try await server.send(.GET, "/roost/v1/downloads/\(id)").json.int("completed") ?? 0 == 0 {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(try await server.send(.POST, "/roost/v1/downloads/\(id)/cancel").status == 202)
                #expect(try await events.last?.string("state") == "cancelled")
                #expect(try await server.send(.GET, "/roost/v1/downloads").text == "[]")
                #expect(try await server.manager.downloads().isEmpty)
                #expect(try await server.send(.POST, "/api/show", #"{"model":"tiny:1b"}"#).status == 404)
            }
        }

        @Test func `what no hub has is an error that names it`() async throws {
            try await OllamaPullTests().withLibrary { server, _ in
                let reply = try await server.send(.POST, "/roost/v1/downloads", #"{"model":"nobody:1b"}"#)
                #expect(reply.status == 404 && reply.text.contains("nobody"), "\(reply.text)")
            }
        }
    }
}

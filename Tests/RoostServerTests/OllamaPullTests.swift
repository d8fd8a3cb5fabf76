import AsyncHTTPClient
import Foundation
import HubSimulator
import ModelFixtures
import NIOCore
import NIOHTTP1
import Roost
import Testing
import Waiting

extension ServerTests {
    @Suite struct OllamaPullTests {
        /// Runs `body` with a server whose library has one model, `tiny:1b`.
        func withLibrary(
            bytesPerSecond: Int64? = nil, _ body: @Sendable (TestServer, OllamaSimulator) async throws -> Void
        ) async throws {
            let weights = try TinyModel.llama(chatTemplate: TinyModel.chatML).bytes()
            var layers = [SimulatedLayer("model", ""), SimulatedLayer("system", "be brief")]
            layers[0].bytes = weights
            try await OllamaSimulator.run(["library/tiny:1b": layers]) { registry in
                let environment = [
                    "ROOST_OLLAMA_REGISTRY": registry.registry.address, "HF_ENDPOINT": registry.registry.address,
                ]
                try await TestServer.run(environment: environment) { server in
                    try await server.manager.setBandwidthLimit(bytesPerSecond)
                    try await body(server, registry)
                }
            }
        }

        @Test func `pull tells each step and each layer, and the model answers with what it came with`() async throws {
            try await withLibrary { server, _ in
                let reply = try await server.send(.POST, "/api/pull", #"{"model":"tiny:1b"}"#)
                #expect(reply.status == 200)
                #expect(reply.headers["Content-Type"] == ["application/x-ndjson"])
                #expect(reply.headers["X-Roost-Warning"].isEmpty)
                let lines = try reply.lines
                let record = try await server.manager.model(named: "tiny:1b")
                #expect(lines.first?.string("status") == "pulling manifest")
                #expect(
                    lines.suffix(3).map { $0.string("status") } == [
                        "verifying sha256 digest", "writing manifest", "success",
                    ])
                let layer = lines.filter { $0.string("status") == "pulling \(record.digest.short)" }
                #expect(layer.last?.string("digest") == record.digest.description)
                #expect(layer.last?.int("total") == Int(record.byteCount))
                #expect(layer.last?.int("completed") == Int(record.byteCount))
                let counts = layer.compactMap { $0.int("completed") }
                #expect(counts == counts.sorted())
                #expect(try await server.manager.preset(of: "tiny:1b").system == "be brief")
                // Once more, all of it is here.
                let again = try await server.send(.POST, "/api/pull", #"{"name":"tiny:1b","stream":false}"#)
                #expect(try again.json.string("status") == "success")
            }
        }

        @Test func `insecure is taken and said to be ignored`() async throws {
            try await withLibrary { server, _ in
                let reply = try await server.send(
                    .POST, "/api/pull", #"{"model":"tiny:1b","insecure":true,"stream":false}"#)
                #expect(reply.status == 200)
                #expect(reply.headers["X-Roost-Warning"].first?.hasPrefix("insecure was ignored") == true)
            }
        }

        @Test func `what no hub has is said in Ollama's words, in a stream and without one`() async throws {
            try await withLibrary { server, _ in
                let words = "pull model manifest: file does not exist"
                let whole = try await server.send(.POST, "/api/pull", #"{"model":"nobody:1b","stream":false}"#)
                #expect(whole.status == 404)
                #expect(try whole.json.string("error") == words)
                let streamed = try await server.send(.POST, "/api/pull", #"{"model":"nobody:1b"}"#)
                #expect(streamed.status == 200)
                #expect(try streamed.lines.first?.string("status") == "pulling manifest")
                #expect(try streamed.lines.last?.string("error") == words)
            }
        }

        @Test(
            arguments: [
                (#"{}"#, "model is required"), (#"{"model":"/etc/passwd"}"#, "invalid model name"),
                (#"{"model":"./chat.gguf"}"#, "invalid model name"), (#"{"model":"chat.gguf"}"#, "invalid model name"),
                (#"{"model":"~/x"}"#, "invalid model name"), (#"{"model":"file:///etc/passwd"}"#, "invalid model name"),
                (#"{"model":"a b"}"#, "invalid model name"), (#"{"model":7}"#, "model must be a string."),
            ])
        func `a path of the server's disk is not pulled, nor what is no name`(body: String, words: String) async throws
        {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, "/api/pull", body)
                #expect(reply.status == 400, "\(reply.text)")
                #expect(try reply.json.string("error")?.hasPrefix(words) == true, "\(reply.text)")
            }
        }

        @Test func `a broken transfer is an error as the last line`() async throws {
            var layers = [SimulatedLayer("model", "")]
            layers[0].bytes = Array("no model at all".utf8)
            try await OllamaSimulator.run(["library/bad:1b": layers]) { registry in
                let environment = ["ROOST_OLLAMA_REGISTRY": registry.registry.address]
                try await TestServer.run(environment: environment) { server in
                    let lines = try await server.send(.POST, "/api/pull", #"{"model":"bad:1b"}"#).lines
                    #expect(lines.last?.keys == ["error"])
                    #expect(lines.last?.string("error")?.contains("quarantine") == true)
                    #expect(try await server.manager.downloadedModels().count == 3)
                }
            }
        }

        @Test func `two pulls share the work, which goes on when one of them leaves`() async throws {
            try await withLibrary(bytesPerSecond: 10_000) { server, registry in
                let body = #"{"model":"tiny:1b"}"#
                let pulls = (0..<2).map { _ in
                    Task {
                        let response = try await server.open(.POST, "/api/pull", body)
                        return String(buffer: try await response.body.collect(upTo: 1 << 20))
                    }
                }
                #expect(try await eventually { try await Self.completed(server) > 0 })
                pulls[0].cancel()
                await #expect(throws: (any Error).self) { try await pulls[0].value }
                let before = try await Self.completed(server)
                #expect(try await eventually { try await Self.completed(server) > before })
                #expect(try await server.manager.downloads().map(\.ticket.state) == [.downloading])
                try await server.manager.setBandwidthLimit(nil)
                #expect(try await pulls[1].value.hasSuffix("{\"status\":\"success\"}\n"))
                // The one byte that finds out whether ranges are sent, and the content once.
                let asked = registry.storage.requests.filter { $0.headers.first(name: "range") != "bytes=0-0" }
                #expect(asked.count <= 4, "\(asked.count)")
            }
        }

        @Test func `the last client that goes away pauses the download, and a later pull goes on with it`() async throws
        {
            try await withLibrary(bytesPerSecond: 10_000) { server, _ in
                let body = #"{"model":"tiny:1b"}"#
                let pull = Task { try await server.send(.POST, "/api/pull", body) }
                #expect(try await eventually { try await Self.completed(server) > 0 })
                pull.cancel()
                #expect(
                    try await eventually { try await server.manager.downloads().map(\.ticket.state) == [.paused] })
                #expect(try await server.manager.downloadedModels().count == 3)
                try await server.manager.setBandwidthLimit(nil)
                let again = try await server.send(.POST, "/api/pull", body)
                #expect(try again.lines.last?.string("status") == "success")
                #expect(try await server.manager.downloads().isEmpty)
            }
        }

        @Test func `create pulls a base that is not here`() async throws {
            try await withLibrary { server, _ in
                let reply = try await server.send(
                    .POST, "/api/create", #"{"model":"mine","from":"tiny:1b","parameters":{"top_k":1}}"#)
                let statuses = try reply.lines.compactMap { $0.string("status") }
                #expect(statuses.first == "pulling manifest" && statuses.last == "success")
                #expect(try await server.manager.preset(of: "mine").system == "be brief")
                let path = try await server.send(
                    .POST, "/api/create", #"{"model":"a","from":"nobody:1b","stream":false}"#)
                #expect(path.status == 404)
            }
        }

        @Test func `push is refused in a sentence`() async throws {
            try await TestServer.run { server in
                for stream in ["true", "false"] {
                    let reply = try await server.send(.POST, "/api/push", #"{"model":"chat","stream":\#(stream)}"#)
                    #expect(reply.status == 400)
                    #expect(try reply.json.string("error")?.hasPrefix("Roost does not push models") == true)
                }
                #expect(try await server.send(.POST, "/api/push", #"{"model":"nobody"}"#).status == 404)
            }
        }

        private static func completed(_ server: TestServer) async throws -> Int64 {
            try await server.manager.downloads().first?.ticket.completedByteCount ?? 0
        }
    }
}

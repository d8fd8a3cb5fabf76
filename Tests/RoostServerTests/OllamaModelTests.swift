import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct OllamaModelTests {
        @Test func `the root and the version tell that a server runs`() async throws {
            try await TestServer.run { server in
                #expect(try await server.send(.GET, "/").text == "Ollama is running")
                let head = try await server.send(.HEAD, "/")
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                let version = try #require(try await server.send(.GET, "/api/version").json.string("version"))
                #expect(version.split(separator: ".").allSatisfy { Int($0) != nil })
                #expect(try await server.send(.HEAD, "/api/version").status == 200)
                #expect(try await server.send(.GET, "/health").json.string("status") == "ok")
            }
        }

        @Test func `tags lists every model with what clients read`() async throws {
            try await TestServer.run { server in
                let json = try await server.send(.GET, "/api/tags").json
                #expect(json.count("models") == 3)
                let record = try await server.manager.model(named: "base")
                #expect(json.string("models.0.name") == "base:latest")
                #expect(json.string("models.0.model") == "base:latest")
                #expect(json.string("models.0.digest") == record.digest.hexadecimal)
                #expect(json.int("models.0.size") == Int(record.byteCount))
                #expect(json.string("models.0.details.format") == "gguf")
                #expect(json.string("models.0.details.family") == "llama")
                #expect(json.string("models.0.modified_at")?.hasSuffix("Z") == true)
                #expect(try await server.send(.HEAD, "/api/tags").status == 200)
            }
        }

        @Test func `show gives metadata, template and capabilities`() async throws {
            try await TestServer.run { server in
                let json = try await server.send(.POST, "/api/show", #"{"model":"chat"}"#).json
                #expect(json.string("template")?.contains("<|im_start|>") == true)
                let info = try #require(json["model_info"] as? [String: Any])
                #expect(info["general.architecture"] as? String == "llama")
                #expect(info["llama.context_length"] as? Int == 512)
                #expect(info["tokenizer.ggml.tokens"] is NSNull)
                #expect((json["capabilities"] as? [String])?.contains("completion") == true)
                #expect(json.string("details.family") == "llama")
                let verbose = try await server.send(.POST, "/api/show", #"{"name":"chat","verbose":true}"#).json
                let tokens = (verbose["model_info"] as? [String: Any])?["tokenizer.ggml.tokens"] as? [Any]
                #expect((tokens?.count ?? 0) > 100)
                #expect((verbose.count("tensors") ?? 0) > 5)
                let missing = try await server.send(.POST, "/api/show", #"{"model":"nobody"}"#)
                #expect(missing.status == 404)
                #expect(try missing.json.string("error") == "model 'nobody' not found")
            }
        }

        @Test func `ps lists what is in memory`() async throws {
            try await TestServer.run { server in
                #expect(try await server.send(.GET, "/api/ps").json.count("models") == 0)
                _ = try await server.send(.POST, "/api/generate", #"{"model":"base"}"#)
                let json = try await server.send(.GET, "/api/ps").json
                #expect(json.count("models") == 1)
                #expect(json.string("models.0.name") == "base:latest")
                #expect((json.int("models.0.size") ?? 0) > 0)
                #expect(json.int("models.0.context_length") == 512)
                let date = try #require(json.string("models.0.expires_at"))
                let expires = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(date)
                #expect(abs(expires.timeIntervalSinceNow - 300) < 60)
            }
        }

        @Test func `ps names what was given up as it names everything else`() throws {
            let told = try JSONEncoder().encode(OllamaProcesses.Retreat(message: "coarser", changesQuality: true))
            let json = try #require(try JSONSerialization.jsonObject(with: told) as? [String: Any])
            #expect(Set(json.keys) == ["message", "changes_quality"])
        }

        @Test func `copy gives a second name and delete takes it away`() async throws {
            try await TestServer.run { server in
                let copy = try await server.send(.POST, "/api/copy", #"{"source":"base","destination":"mine:v1"}"#)
                #expect(copy.status == 200)
                #expect(
                    try await server.manager.model(named: "mine:v1").digest
                        == server.manager.model(named: "base").digest)
                #expect(try await server.send(.DELETE, "/api/delete", #"{"model":"mine:v1"}"#).status == 200)
                let again = try await server.send(.DELETE, "/api/delete", #"{"model":"mine:v1"}"#)
                #expect(again.status == 404)
                #expect(try again.json.string("error") == "model 'mine:v1' not found")
                let missing = try await server.send(.POST, "/api/copy", #"{"source":"nobody","destination":"b"}"#)
                #expect(missing.status == 404)
                let bad = try await server.send(.POST, "/api/copy", #"{"source":"base","destination":"../b"}"#)
                #expect(bad.status == 400)
                let incomplete = try await server.send(.POST, "/api/copy", #"{"source":"base"}"#)
                #expect(try incomplete.json.string("error") == "destination is required.")
            }
        }
    }
}

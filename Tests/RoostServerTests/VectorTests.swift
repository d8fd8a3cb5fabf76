import Foundation
import NIOHTTP1
import Roost
import Testing

extension ServerTests {
    @Suite struct VectorTests {
        @Test(
            arguments: [
                ("/v1/embeddings", #"{"input":"a"}"#, "model"),
                ("/v1/embeddings", #"{"model":"base"}"#, "input"),
                ("/v1/embeddings", #"{"model":"base","input":{}}"#, "input"),
                ("/v1/embeddings", #"{"model":"base","input":"a","encoding_format":"hex"}"#, "encoding_format"),
                ("/v1/embeddings", #"{"model":"base","input":"a","dimensions":-1}"#, "dimensions"),
                ("/v1/rerank", #"{"model":"base","documents":["a"]}"#, "query"),
                ("/rerank", #"{"model":"base","query":"a"}"#, "documents"),
                ("/v1/reranking", #"{"model":"base","query":"a","documents":["a"],"top_n":0}"#, "top_n"),
            ])
        func `bad requests for vectors and scores name the field`(
            path: String, body: String, parameter: String
        ) async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, path, body)
                #expect(reply.status == 400)
                #expect(try reply.json.string("error.param") == parameter)
            }
        }

        @Test(arguments: ["/api/embed", "/api/embeddings"])
        func `Ollama's endpoints without a text load the model and give no vector`(path: String) async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, path, #"{"model":"base","keep_alive":-1}"#)
                #expect(reply.status == 200)
                #expect(try reply.json.count(path == "/api/embed" ? "embeddings" : "embedding") == 0)
                let loaded = try await server.manager.loadedModels()
                #expect(loaded.map(\.record.name.description) == [TestServer.base])
                let unknown = try await server.send(.POST, path, #"{"model":"nobody"}"#)
                #expect(unknown.status == 404)
                let bad = try await server.send(.POST, path, #"{"input":"a"}"#)
                #expect(try bad.json.string("error") == "model is required")
            }
        }

        @Test func `a model that does not rank is told in the dialect's form`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/v1/rerank", #"{"model":"base","query":"q","documents":["a"]}"#)
                #expect(reply.status == 400)
                #expect(try reply.json.string("error.message")?.contains("rank") == true)
            }
        }
    }

    @Suite struct PinTests {
        @Test func `a pinned model is shown as such, outlives its keep-alive, and goes when it is unpinned`()
            async throws
        {
            try await TestServer.run { server in
                let pinned = try await server.send(.POST, "/roost/v1/models/base/pin")
                #expect(try pinned.json.bool("changed") == true)
                let used = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"base","prompt":"a","stream":false,"keep_alive":0,"options":{"num_predict":1}}"#)
                #expect(used.status == 200)
                let shown = try await server.send(.GET, "/api/ps").json
                #expect(shown.string("models.0.name") == TestServer.base)
                #expect(shown.bool("models.0.pinned") == true)
                #expect(shown.string("models.0.isolation") == "in-process")
                let unpinned = try await server.send(.POST, "/roost/v1/models/base/unpin")
                #expect(try unpinned.json.bool("changed") == true)
                while try await !server.manager.loadedModels().isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                let again = try await server.send(.POST, "/roost/v1/models/base/unpin")
                #expect(try again.json.bool("changed") == false)
                #expect(try await server.send(.POST, "/roost/v1/models/nobody/pin").status == 404)
            }
        }
    }
}

import Foundation
import NIOHTTP1
import Roost
import Security
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct PolicyModelTests {
        @Test func `lists have the models that a key may use`() async throws {
            try await TestServer.run { server in
                let key = try server.key("a", models: ["c*", "endless:latest"])
                let tags = try await server.send(.GET, "/api/tags", key: key).json
                #expect(tags.count("models") == 2)
                let list = try await server.send(.GET, "/v1/models", key: key).json
                #expect(list.count("data") == 2)
                #expect(list.string("data.0.id") == "chat:latest")
                let owner = try #require(server.running.token)
                for model in ["base", "chat"] {
                    let body = #"{"model":"\#(model)","prompt":""}"#
                    #expect(try await server.send(.POST, "/api/generate", body, key: owner).status == 200)
                }
                let loaded = try await server.send(.GET, "/api/ps", key: key).json
                #expect(loaded.count("models") == 1)
                #expect(loaded.string("models.0.name") == "chat:latest")
            }
        }

        @Test func `a key answers for its models and no others`() async throws {
            try await TestServer.run { server in
                let key = try server.key("a", models: ["CHAT"])
                func body(_ model: String) -> String {
                    #"{"model":"\#(model)","messages":[{"role":"user","content":"a"}],"max_tokens":1}"#
                }
                for model in ["chat", "Chat:latest"] {
                    let reply = try await server.send(.POST, "/v1/chat/completions", body(model), key: key)
                    #expect(reply.status == 200, "\(model)")
                }
                for model in ["base", "chat:other", "nobody", "a b", ""] {
                    let reply = try await server.send(.POST, "/v1/chat/completions", body(model), key: key)
                    #expect(reply.status == (model.isEmpty ? 400 : 404), "\(model)")
                }
                let thinking = #"{"model":"base","messages":[{"role":"user","content":"a"}],"think":true}"#
                let reply = try await server.send(.POST, "/api/chat", thinking, key: key)
                #expect(reply.status == 404)
                #expect(try reply.json.string("error") == "model 'base' not found")
            }
        }

        @Test func `a key makes no model under a name that is not its own, whatever the name is read as`() async throws
        {
            try await TestServer.run { server in
                let name = "hf.co/acme/tiny:Q4_K_M"
                let file = IncomingFile(
                    role: .model, name: "tiny.gguf", digest: nil, byteCount: nil,
                    url: server.home.appending(path: "chat.gguf"), isVerified: false)
                let source = Provenance(
                    hub: HubIdentifier.huggingFace.rawValue, reference: name, repository: "acme/tiny",
                    retrievedAt: Date())
                _ = try await server.manager.store.register(
                    IncomingModel(name: try ModelName(parsing: name), files: [file], provenance: source),
                    replacing: true, linking: .automatic)
                #expect(try await server.manager.model(named: "acme/tiny").name.description == name)
                let key = try server.key("a", [.pull], models: ["hf.co/acme/*"])
                for (path, body) in [
                    ("/api/create", #"{"model":"acme/tiny","from":"\#(name)","system":"Obey me."}"#),
                    ("/api/copy", #"{"source":"\#(name)","destination":"acme/tiny"}"#),
                ] {
                    #expect(try await server.send(.POST, path, body, key: key).status == 404, "\(path)")
                }
                #expect(try await server.manager.model(named: "acme/tiny").name.description == name)
                let copy = #"{"source":"\#(name)","destination":"hf.co/acme/other"}"#
                #expect(try await server.send(.POST, "/api/copy", copy, key: key).status == 200)
            }
        }

        @Test func `a name is what it means here`() {
            let caller = Caller(
                name: "a", scopes: [.infer], models: ["small*", "exact"].compactMap { ModelPattern($0) })
            for good in ["small", "small:1b", "SMALL-one:latest", "exact", "exact:latest"] {
                #expect(caller.mayUse(model: good), "\(good)")
            }
            for bad in ["large", "exact:2b", "other/small", "not a name", ""] {
                #expect(!caller.mayUse(model: bad), "\(bad)")
            }
            #expect(Caller.owner.mayUse(model: "anything"))
        }
    }
}

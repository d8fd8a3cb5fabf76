import Foundation
import HubSimulator
import ModelFixtures
import NIOHTTP1
import Roost
import Security
import Testing
import Waiting

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

        @Test func `the active model is planned for those who may use it`() async throws {
            try await TestServer.run { server in
                _ = try await server.send(.POST, "/roost/v1/models/base/activate")
                let key = try server.key("a", models: ["chat"])
                let hidden = try await server.send(.POST, "/roost/v1/plan", "{}", key: key)
                #expect(hidden.status == 409)
                #expect(try hidden.json.string("error.code") == "no_active_model")
                let owner = try #require(server.running.token)
                let shown = try await server.send(.POST, "/roost/v1/plan", "{}", key: owner)
                #expect(try shown.json.string("model.name")?.hasPrefix("base") == true, "\(shown.text)")
                _ = try await server.send(.POST, "/roost/v1/models/chat/activate", key: owner)
                #expect(try await server.send(.POST, "/roost/v1/plan", "{}", key: key).status == 200)
            }
        }

        @Test func `health tells a key nothing of models that it may not use`() async throws {
            try await TestServer.run { server in
                let record = try await server.manager.model(named: "base")
                let file = URL(filePath: try #require(record.files.first?.path))
                try (Data(contentsOf: file).dropLast(4) + Data([1, 2, 3, 4])).write(to: file)
                #expect(try await server.manager.verify("base").isIntact == false)
                let key = try server.key("a", models: ["chat"])
                let hidden = try await server.send(.GET, "/roost/v1/health", key: key).text
                #expect(!hidden.contains("Damaged") && hidden.contains("1 models."), "\(hidden)")
                let shown = try await server.send(
                    .GET, "/roost/v1/health", key: try #require(server.running.token))
                #expect(shown.text.contains("Damaged: base."), "\(shown.text)")
            }
        }

        @Test func `a model that became slow is told to those who may use it`() {
            func warning(_ kind: HealthWarning.Kind, _ subject: String) -> HealthWarning {
                HealthWarning(kind: kind, severity: .notice, subject: subject, message: "", remedy: "")
            }
            let (slow, disk) = (warning(.speed, "secret:7b"), warning(.disk, "/"))
            let caller = Caller(name: "a", scopes: [.read], models: ["small*"].compactMap { ModelPattern($0) })
            guard case .health(let warnings)? = ServerEvent.health([slow, disk]).seen(by: caller) else {
                Issue.record("no list came")
                return
            }
            #expect(warnings == [disk])
            #expect(ServerEvent.happened(.health(.began(slow))).seen(by: caller) == nil)
            #expect(ServerEvent.happened(.health(.ended(slow))).seen(by: caller) == nil)
            #expect(ServerEvent.happened(.health(.began(disk))).seen(by: caller) != nil)
            #expect(ServerEvent.happened(.health(.began(slow))).seen(by: .owner) != nil)
        }

        @Test func `an error about a download names no model of others`() async throws {
            let layers = try [UInt64(1), 2].map { seed in
                var layer = SimulatedLayer("model", "")
                layer.bytes = try TinyModel.llama(chatTemplate: TinyModel.chatML, seed: seed).bytes()
                return layer
            }
            try await OllamaSimulator.run(["library/tiny:1b": [layers[0]], "library/secret:1b": [layers[1]]]) {
                registry in
                let environment = [
                    "ROOST_OLLAMA_REGISTRY": registry.registry.address, "HF_ENDPOINT": registry.registry.address,
                ]
                try await TestServer.run(environment: environment) { server in
                    let path = "/roost/v1/downloads"
                    _ = try await server.send(.POST, path, #"{"model":"tiny:1b"}"#)
                    #expect(
                        try await eventually {
                            try await server.send(.GET, path + "/tiny:1b").json.string("state") == "completed"
                        })
                    try await server.manager.setBandwidthLimit(1000)
                    _ = try await server.send(.POST, path, #"{"model":"secret:1b"}"#)
                    #expect(try await eventually { try await server.manager.downloads().count == 1 })
                    let key = try server.key("a", [.read, .pull], models: ["tiny*"])
                    for word in ["pause", "resume", "cancel"] {
                        let reply = try await server.send(.POST, path + "/tiny:1b/" + word, key: key)
                        #expect(reply.status == 404)
                        #expect(!reply.text.contains("secret"), "\(reply.text)")
                    }
                }
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

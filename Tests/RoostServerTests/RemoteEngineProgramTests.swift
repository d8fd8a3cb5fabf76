import Foundation
import ModelFixtures
import NIOHTTP1
import RemoteEngines
import Roost
import RoostServer
import Testing
import Waiting

extension ServerTests {
    /// llama.cpp's own server as an engine.
    @Suite(.enabled(if: LlamaServer.program != nil))
    struct RemoteEngineProgramTests {
        private func withFile<R>(
            _ model: TinyModel = .qwen2(chatTemplate: TinyModel.chatML), _ body: (URL) async throws -> R
        ) async throws -> R {
            let file = FileManager.default.temporaryDirectory.appending(path: "engine-\(UUID().uuidString).gguf")
            defer { try? FileManager.default.removeItem(at: file) }
            try model.write(to: file)
            return try await body(file)
        }

        @Test func `llama-server is found out and answers as the same model here`() async throws {
            let model = TinyModel.llama(chatTemplate: TinyModel.chatML, contextLength: 512, seed: 11)
            try await withFile(model) { file in
                let program = try await LlamaServer(file)
                let engine = try RemoteEngineGateway.engine("llama", program.address)
                try await RemoteEngineGateway.run([engine], models: [("own", file)]) { gateway in
                    let status = try #require(await gateway.manager.engines().first)
                    #expect(status.state == .up && status.kind == .llamaServer)
                    let name = "llama/" + (try #require(status.models.first?.name))
                    for (path, prompt) in [
                        ("/v1/chat/completions", #""messages":[{"role":"user","content":"hi"}]"#),
                        ("/v1/completions", #""prompt":"hello""#), ("/v1/completions", #""prompt":[3,4,5]"#),
                    ] {
                        var texts: [String] = []
                        for model in ["own", name] {
                            let reply = try await gateway.send(
                                .POST, path,
                                #"{"model":"\#(model)",\#(prompt),"temperature":0,"max_tokens":12,"cache_prompt":false}"#
                            )
                            #expect(reply.status == 200, "\(reply.text)")
                            texts.append(
                                try #require(
                                    try reply.json.string("choices.0.message.content")
                                        ?? reply.json.string("choices.0.text")))
                            #expect(try reply.json.int("usage.completion_tokens") == 12)
                        }
                        #expect(texts[0] == texts[1] && !texts[0].isEmpty)
                    }
                    let manager = gateway.manager
                    let tokens = try await manager.tokenize("hello world", model: name)
                    #expect(try await manager.tokenize("hello world", model: "own") == tokens)
                    #expect(try await manager.detokenize(tokens, model: name).contains("hello"))
                    let chat = ChatRequest([.system("s"), .user("hi")])
                    #expect(
                        try await manager.prompt(for: chat, model: name) == manager.prompt(for: chat, model: "own"))
                }
            }
        }

        @Test func `llama-server keeps to a schema and tells its own times`() async throws {
            try await withFile { file in
                let program = try await LlamaServer(file)
                let engine = try RemoteEngineGateway.engine("llama", program.address)
                try await RemoteEngineGateway.run([engine]) { gateway in
                    let name = "llama/any"
                    let manager = gateway.manager
                    var request = GenerationRequest(.chat(ChatRequest([.user("hi")])), options: .greedy)
                    request.options.maxTokens = 60
                    request.options.format = .jsonSchema(
                        #"{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false}"#
                    )
                    let result = try #require(try await manager.generate(request, model: name).first)
                    let object = try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any]
                    #expect(object?["a"] is Bool)
                    #expect(result.completionDuration > .zero)
                }
            }
        }

        @Test func `a llama-server's vectors are those that it gives when it is asked directly`() async throws {
            try await withFile { file in
                let program = try await LlamaServer(file, ["--embeddings", "--pooling", "mean"])
                let engine = try RemoteEngineGateway.engine("llama", program.address) {
                    $0.models = ModelMapping([try .init(parsing: "vectors=any")])
                }
                try await RemoteEngineGateway.run([engine]) { gateway in
                    let inputs = #""input":["hello","wide world"]}"#
                    let direct = try await RemoteEngineGateway.send(
                        to: program.address, .POST, "/v1/embeddings", #"{"model":"any",\#(inputs)"#
                    ).json
                    let reply = try await gateway.send(.POST, "/v1/embeddings", #"{"model":"vectors",\#(inputs)"#).json
                    for index in 0..<2 {
                        let own = try #require(reply["data.\(index).embedding"] as? [Double])
                        let theirs = try #require(direct["data.\(index).embedding"] as? [Double])
                        #expect(own.count == theirs.count && !own.isEmpty)
                        for (a, b) in zip(own, theirs) { #expect(abs(a - b) < 1e-5) }
                    }
                    #expect(reply.int("usage.prompt_tokens") == direct.int("usage.prompt_tokens"))
                }
            }
        }

        @Test func `a server that is killed in the middle of answers loses no request that had not begun`() async throws
        {
            try await withFile { file in
                let goes = try await LlamaServer(file)
                let stays = try await LlamaServer(file)
                let engines = try [("goes", goes), ("stays", stays)].map { name, program in
                    try RemoteEngineGateway.engine(name, program.address) {
                        $0.models = ModelMapping([try .init(parsing: "m=any")])
                    }
                }
                try await RemoteEngineGateway.run(engines) { gateway in
                    let ask =
                        #"{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0,"max_tokens":100,"ignore_eos":true,"stream":true}"#
                    let replies = try await withThrowingTaskGroup(of: [Reply].self) { group in
                        for client in 0..<6 {
                            group.addTask {
                                var replies: [Reply] = []
                                for round in 0..<10 {
                                    if client == 0, round == 3 { goes.kill() }
                                    replies.append(try await gateway.send(.POST, "/v1/chat/completions", ask))
                                }
                                return replies
                            }
                        }
                        return try await group.reduce(into: []) { $0 += $1 }
                    }
                    #expect(replies.count == 60)
                    for reply in replies {
                        #expect(reply.status == 200, "\(reply.text)")
                        if reply.text.contains(#""finish_reason":"length""#) { continue }
                        #expect(reply.text.contains("“goes”") && reply.text.contains(#""content":""#))
                        #expect(reply.events.count > 3)
                    }
                    // An answer is counted a moment after its end has been sent.
                    let areCounted = try await eventually {
                        await gateway.manager.engines().map(\.outstandingCount) == [0, 0]
                    }
                    #expect(areCounted)
                    let statuses = await gateway.manager.engines()
                    #expect(statuses[0].state != .up && statuses[1].state == .up)
                }
            }
        }
    }
}

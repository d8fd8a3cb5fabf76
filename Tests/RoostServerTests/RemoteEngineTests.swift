import AsyncHTTPClient
import EngineFixtures
import Foundation
import ModelFixtures
import NIOCore
import NIOHTTP1
import RemoteEngines
import Roost
import RoostServer
import Synchronization
import Testing

extension ServerTests {
    @Suite struct RemoteEngineTests {
        /// A gateway in front of a server that has the models.
        private func chained(_ body: @Sendable (TestServer, RemoteEngineGateway) async throws -> Void) async throws {
            try await TestServer.run { backend in
                let engine = try RemoteEngineGateway.engine("up", backend.running.baseURL)
                try await RemoteEngineGateway.run([engine]) { try await body(backend, $0) }
            }
        }

        private static let tools =
            #""tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false}}}]"#

        @Test(arguments: [
            (
                "/api/chat",
                #"{"model":"NAME","messages":[{"role":"user","content":"hi"}],"options":{"temperature":0,"num_predict":9}}"#
            ),
            (
                "/api/chat",
                #"{"model":"NAME","messages":[{"role":"user","content":"hi"}],"stream":false,"options":{"temperature":0,"num_predict":9}}"#
            ),
            ("/api/generate", #"{"model":"NAME","prompt":"hello","options":{"temperature":0,"num_predict":9}}"#),
            (
                "/api/generate",
                #"{"model":"NAME","prompt":"hello","raw":true,"options":{"temperature":0,"num_predict":9}}"#
            ),
        ])
        func `Ollama's dialect gives the same through a gateway`(path: String, body: String) async throws {
            try await chained { backend, gateway in
                for (name, remote) in [("chat", "chat"), ("chat", "up/chat"), ("base", "up/base:latest")] {
                    let direct = try await backend.send(
                        .POST, path, body.replacingOccurrences(of: "NAME", with: name)
                    ).lines
                    let reply = try await gateway.send(
                        .POST, path, body.replacingOccurrences(of: "NAME", with: remote))
                    #expect(reply.status == 200, "\(reply.text)")
                    let lines = try reply.lines
                    func text(_ lines: [JSONObject]) -> String {
                        lines.compactMap { $0.string("message.content") ?? $0.string("response") }.joined()
                    }
                    #expect(!text(direct).isEmpty)
                    #expect(text(lines) == text(direct))
                    #expect(lines.last?.string("done_reason") == direct.last?.string("done_reason"))
                    #expect(lines.last?.int("eval_count") == direct.last?.int("eval_count"))
                    #expect(lines.last?.int("prompt_eval_count") == direct.last?.int("prompt_eval_count"))
                    #expect(lines.last?.string("model") == remote)
                    #expect((lines.count > 1) == (direct.count > 1))
                }
            }
        }

        @Test func `OpenAI's dialect gives the same through a gateway, whole and as a stream`() async throws {
            try await chained { backend, gateway in
                let ask = #""temperature":0,"max_tokens":9,"seed":1"#
                for (path, prompt) in [
                    ("/v1/chat/completions", #""messages":[{"role":"user","content":"hi"}]"#),
                    ("/v1/completions", #""prompt":"hello""#), ("/v1/completions", #""prompt":[3,4,5]"#),
                ] {
                    let direct = try await backend.send(.POST, path, #"{"model":"chat",\#(prompt),\#(ask)}"#).json
                    let whole = try await gateway.send(.POST, path, #"{"model":"chat",\#(prompt),\#(ask)}"#)
                    #expect(whole.status == 200, "\(whole.text)")
                    let key = path.contains("chat") ? "choices.0.message.content" : "choices.0.text"
                    #expect(try whole.json.string(key) == direct.string(key))
                    for count in ["usage.prompt_tokens", "usage.completion_tokens"] {
                        #expect(try whole.json.int(count) == direct.int(count))
                    }
                    #expect(
                        try whole.json.string("choices.0.finish_reason") == direct.string("choices.0.finish_reason"))
                    let stream = try await gateway.send(
                        .POST, path,
                        #"{"model":"up/chat",\#(prompt),\#(ask),"stream":true,"stream_options":{"include_usage":true}}"#
                    )
                    #expect(stream.events.last == "[DONE]")
                    let chunks = try stream.events.dropLast().map { try JSONObject(Data($0.utf8)) }
                    let text = chunks.compactMap { $0.string("choices.0.delta.content") ?? $0.string("choices.0.text") }
                    #expect(text.joined() == direct.string(key))
                    #expect(chunks.last?.int("usage.completion_tokens") == direct.int("usage.completion_tokens"))
                }
            }
        }

        @Test func `several answers and probabilities come through`() async throws {
            try await chained { backend, gateway in
                let body =
                    #""messages":[{"role":"user","content":"hi"}],"temperature":0,"max_tokens":4,"n":2,"logprobs":true,"top_logprobs":2}"#
                let direct = try await backend.send(.POST, "/v1/chat/completions", #"{"model":"chat",\#(body)"#).json
                let reply = try await gateway.send(.POST, "/v1/chat/completions", #"{"model":"chat",\#(body)"#).json
                for path in [
                    "choices.0.message.content", "choices.1.message.content", "choices.1.logprobs.content.0.token",
                    "choices.0.logprobs.content.1.top_logprobs.1.token",
                ] {
                    #expect(reply.string(path) != nil)
                    #expect(reply.string(path) == direct.string(path))
                }
                #expect(reply.int("usage.completion_tokens") == direct.int("usage.completion_tokens"))
            }
        }

        @Test func `functions that are asked for and forms pass a gateway as they are`() async throws {
            let file = FileManager.default.temporaryDirectory.appending(path: "caller-\(UUID().uuidString).gguf")
            defer { try? FileManager.default.removeItem(at: file) }
            try TinyModel.qwen2(chatTemplate: TinyModel.toolTemplate, contextLength: 4096).write(to: file)
            try await RemoteEngineGateway.run([], models: [("caller", file)]) { backend in
                let engine = try RemoteEngineGateway.engine("up", backend.running.baseURL)
                try await RemoteEngineGateway.run([engine]) { gateway in
                    let body =
                        #"{"model":"caller","messages":[{"role":"user","content":"hi"}],\#(Self.tools),"tool_choice":"required","temperature":0,"max_tokens":200"#
                    let direct = try await backend.send(.POST, "/v1/chat/completions", body + "}")
                    let reply = try await gateway.send(.POST, "/v1/chat/completions", body + "}")
                    #expect(reply.status == 200, "\(reply.text)")
                    let call = "choices.0.message.tool_calls.0.function"
                    // Whether a model that was never trained comes to its call is chance; that both say the same is not.
                    let content = "choices.0.message.content"
                    for path in [call + ".name", call + ".arguments", content, "choices.0.finish_reason"] {
                        #expect(try reply.json.string(path) == direct.json.string(path), "\(path)")
                    }
                    let stream = try await gateway.send(.POST, "/v1/chat/completions", body + #","stream":true}"#)
                    let pieces = try stream.events.dropLast().map { try JSONObject(Data($0.utf8)) }
                        .compactMap { $0.string("choices.0.delta.tool_calls.0.function.arguments") }
                    let arguments = try direct.json.string(call + ".arguments")
                    #expect(pieces.joined() == arguments ?? "")
                    let schema =
                        #""format":{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false}"#
                    let chat =
                        #"{"model":"caller","messages":[{"role":"user","content":"hi"}],"stream":false,\#(schema),"options":{"temperature":0,"num_predict":60}}"#
                    let formed = try await gateway.send(.POST, "/api/chat", chat).json.string("message.content")
                    let own = try await backend.send(.POST, "/api/chat", chat).json.string("message.content")
                    #expect(own == formed)
                    #expect(formed?.contains(#""a""#) == true)
                }
            }
        }

        @Test(arguments: [EngineKind.openAI, .roost])
        func `an engine's model answers Anthropic's clients and OpenAI's with truncation, whatever it can count`(
            kind: EngineKind
        ) async throws {
            try await TestServer.run { backend in
                let engine = try RemoteEngineGateway.engine("up", backend.running.baseURL) { $0.kind = kind }
                try await RemoteEngineGateway.run([engine]) { gateway in
                    let body =
                        #"{"model":"up/chat","max_tokens":8,"temperature":0,"messages":[{"role":"user","content":"hi"}]"#
                    let whole = try await gateway.send(.POST, "/v1/messages", body + "}")
                    #expect(whole.status == 200, "\(whole.text)")
                    let stream = try await gateway.send(.POST, "/v1/messages", body + #","stream":true}"#)
                    #expect(stream.status == 200, "\(stream.text)")
                    let events = try stream.namedEvents
                    let text = events.compactMap { $0.json.string("delta.text") }.joined()
                    #expect(try !text.isEmpty && text == whole.json.string("content.0.text"))
                    func promptCount(_ json: JSONObject?) -> Int {
                        (json?.int("usage.input_tokens") ?? 0) + (json?.int("usage.cache_read_input_tokens") ?? 0)
                    }
                    let end = events.last { $0.name == "message_delta" }?.json
                    #expect(promptCount(end) > 0)
                    #expect(try promptCount(end) == promptCount(whole.json))

                    for (path, first) in [("/v1/models", "data.0."), ("/v1/models/up/chat", "")] {
                        var request = HTTPClientRequest(url: gateway.running.baseURL + path)
                        request.headers.add(name: "anthropic-version", value: "2023-06-01")
                        let response = try await HTTPClient.shared.execute(request, timeout: .minutes(5))
                        let list = try JSONObject(
                            Data(try await response.body.collect(upTo: 1 << 20).readableBytesView))
                        #expect(list.string(first + "type") == "model")
                        #expect(list.string(first + "display_name")?.isEmpty == false)
                        #expect(list.string(first + "created_at")?.isEmpty == false)
                    }

                    let long = try await gateway.send(
                        .POST, "/v1/responses",
                        #"{"model":"up/chat","input":"hi","truncation":"auto","max_output_tokens":4}"#)
                    #expect(long.status == 200, "\(long.text)")
                    #expect(long.headers["X-Roost-Warning"].first?.contains("truncation was ignored") == true)
                }
            }
        }

        @Test func `token ids, grammars and JSON without a template pass a gateway`() async throws {
            try await chained { backend, gateway in
                let ids = #""prompt":[3,4,5],"n_predict":6,"temperature":0"#
                let direct = try await backend.send(.POST, "/completion", #"{"model":"base",\#(ids)}"#).json
                let passed = try await gateway.send(.POST, "/completion", #"{"model":"up/base",\#(ids)}"#)
                #expect(passed.status == 200, "\(passed.text)")
                #expect(try passed.json.string("content") == direct.string("content"))
                let biased = try await gateway.send(
                    .POST, "/completion", #"{"model":"up/base",\#(ids),"logit_bias":[[7,false]]}"#)
                #expect(biased.status == 200, "\(biased.text)")
                let grammar = try await gateway.send(
                    .POST, "/completion",
                    #"{"model":"up/base","prompt":"Yes or no? ","n_predict":8,"grammar":"root ::= \"yes\" | \"no\""}"#)
                #expect(try ["yes", "no"].contains(grammar.json.string("content")), "\(grammar.text)")
                let json = try await gateway.send(
                    .POST, "/api/generate",
                    #"{"model":"up/base","prompt":"x","raw":true,"format":"json","stream":false,"options":{"num_predict":9}}"#
                )
                #expect(try json.json.string("response")?.hasPrefix("{") == true, "\(json.text)")
            }
        }

        @Test func `vectors are the same, and what cannot be done is said with the engine's name`() async throws {
            try await chained { backend, gateway in
                let body = #"{"model":"base","input":["hello","wide world"]}"#
                let direct = try await backend.send(.POST, "/v1/embeddings", body).json
                let reply = try await gateway.send(.POST, "/v1/embeddings", body).json
                for path in ["data.0.embedding.0", "data.1.embedding.3"] {
                    let (a, b) = (reply[path] as? Double, direct[path] as? Double)
                    #expect(abs(try #require(a) - #require(b)) < 1e-5)
                }
                #expect(reply.int("usage.prompt_tokens") == direct.int("usage.prompt_tokens"))
                let rank = try await gateway.send(
                    .POST, "/v1/rerank", #"{"model":"base","query":"q","documents":["a"]}"#)
                #expect(rank.status == 400)
                #expect(try rank.json.string("error.message")?.contains("“up”") == true)
                let long = try await gateway.send(
                    .POST, "/v1/completions",
                    #"{"model":"base","prompt":"\#(String(repeating: "word ", count: 2000))"}"#)
                #expect(long.status == 400)
                #expect(try long.json.string("error.code") == "context_length_exceeded")
                let pin = try await gateway.send(.POST, "/roost/v1/models/base/pin")
                #expect((400..<500).contains(pin.status), "\(pin.text)")
            }
        }

        @Test func `an engine's models are listed and shown as Ollama lists those of its cloud`() async throws {
            try await chained { backend, gateway in
                let tags = try await gateway.send(.GET, "/api/tags").json
                #expect(tags.count("models") == 3)
                #expect(tags.string("models.0.name") == TestServer.base)
                #expect(tags.int("models.0.size") == 0)
                #expect(tags.string("models.0.remote_model") == TestServer.base)
                #expect(tags.string("models.0.remote_host") == backend.running.baseURL)
                #expect(tags.string("models.0.details.family") == "llama")
                #expect(tags.string("models.0.digest")?.count == 64)
                let show = try await gateway.send(.POST, "/api/show", #"{"model":"up/chat"}"#).json
                #expect(show.string("remote_model") == TestServer.chat)
                #expect((show["capabilities"] as? [String])?.contains("completion") == true)
                #expect((show["model_info"] as? [String: Any])?["general.architecture"] as? String == "llama")
                let list = try await gateway.send(.GET, "/v1/models").json
                #expect(list.string("data.1.id") == TestServer.chat && list.string("data.1.owned_by") == "up")
                for name in ["up/chat", "chat", "up%2Fchat%3Alatest"] {
                    #expect(try await gateway.send(.GET, "/v1/models/\(name)").status == 200)
                }
                #expect(try await gateway.send(.GET, "/v1/models/nobody").status == 404)
                #expect(try await gateway.send(.POST, "/api/show", #"{"model":"nobody"}"#).status == 404)
                // An empty prompt loads; its engine does that by itself.
                let load = try await gateway.send(.POST, "/api/generate", #"{"model":"chat"}"#)
                #expect(try load.json.string("done_reason") == "load")
                let think = try await gateway.send(
                    .POST, "/api/chat", #"{"model":"chat","think":true,"messages":[{"role":"user","content":"a"}]}"#)
                #expect(think.status == 400)
                let picture = try await gateway.send(
                    .POST, "/api/chat",
                    #"{"model":"chat","messages":[{"role":"user","content":"a","images":["iVBORw0KGgo="]}]}"#)
                #expect(picture.status == 400)
            }
        }

        @Test func `a stored model goes first, unless its engine is preferred or named`() async throws {
            let file = FileManager.default.temporaryDirectory.appending(path: "own-\(UUID().uuidString).gguf")
            defer { try? FileManager.default.removeItem(at: file) }
            try TinyModel.llama(chatTemplate: TinyModel.chatML, contextLength: 512, seed: 99).write(to: file)
            try await TestServer.run { backend in
                let ask = #""messages":[{"role":"user","content":"hi"}],"temperature":0,"max_tokens":12"#
                @Sendable func text(_ server: String, _ model: String) async throws -> String {
                    let reply = try await RemoteEngineGateway.send(
                        to: server, .POST, "/v1/chat/completions", #"{"model":"\#(model)",\#(ask)}"#)
                    return try #require(try reply.json.string("choices.0.message.content"))
                }
                let theirs = try await text(backend.running.baseURL, "chat")
                for isPreferred in [false, true] {
                    let engine = try RemoteEngineGateway.engine("up", backend.running.baseURL) {
                        $0.isPreferred = isPreferred
                    }
                    try await RemoteEngineGateway.run([engine], models: [("chat", file)]) { gateway in
                        let bare = try await text(gateway.running.baseURL, "chat")
                        #expect((bare == theirs) == isPreferred)
                        #expect(try await text(gateway.running.baseURL, "up/chat") == theirs)
                        let names = try await gateway.manager.servedModels().map(\.name)
                        #expect(names.filter { $0.hasSuffix("chat:latest") }.count == 2)
                        #expect(names.contains("up/chat:latest") == !isPreferred)
                        await #expect(throws: RemoteEngineError.self) { try await gateway.manager.load("up/chat") }
                        await #expect(throws: RemoteEngineError.self) { try await gateway.manager.plan("up/chat") }
                        var request = GenerationRequest(.chat(ChatRequest([.user("hi")])), options: .greedy)
                        request.options.maxTokens = 12
                        #expect(try await gateway.manager.generate(request, model: "up/chat").map(\.text) == [theirs])
                    }
                }
            }
        }
    }
}

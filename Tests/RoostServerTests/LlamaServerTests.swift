import Foundation
import ModelFixtures
import NIOHTTP1
import Roost
import Testing

extension ServerTests {
    @Suite struct LlamaServerTests {
        @Test func `texts become tokens and tokens texts`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"base","content":"hello wörld<|im_end|>"#
                let plain = try await server.send(.POST, "/tokenize", body + #""}"#).json
                let tokens = try #require(plain["tokens"] as? [Int])
                let expected = try await server.manager.withModel("base") {
                    try await $0.tokenize("hello wörld<|im_end|>", addSpecial: false, parseSpecial: true)
                }
                #expect(tokens.map { Int32($0) } == expected)
                let special = try await server.send(.POST, "/tokenize", body + #"","add_special":true}"#).json
                #expect(special.count("tokens") == tokens.count + 1)
                let unread = try await server.send(.POST, "/tokenize", body + #"","parse_special":false}"#).json
                #expect((unread.count("tokens") ?? 0) > tokens.count)
                let pieces = try await server.send(.POST, "/tokenize", body + #"","with_pieces":true}"#).json
                #expect(pieces.int("tokens.0.id") == tokens[0])
                // ö is two bytes, neither of which is text.
                let bytes = (0..<tokens.count).compactMap { pieces["tokens.\($0).piece"] as? [Int] }
                #expect(bytes == [[0xC3], [0xB6]])
                let back = try await server.send(.POST, "/detokenize", #"{"model":"base","tokens":\#(tokens)}"#).json
                #expect(back.string("content") == " hello wörld<|im_end|>")
                let mixed = try await server.send(
                    .POST, "/tokenize", #"{"model":"base","content":[\#(tokens[0]),"hello"]}"#
                ).json
                #expect(mixed.int("tokens.0") == tokens[0] && (mixed.count("tokens") ?? 0) > 1)
                let wrong = try await server.send(.POST, "/detokenize", #"{"model":"base","tokens":[99999]}"#)
                #expect(wrong.status == 400)
                #expect(try wrong.json.string("error.type") == "invalid_request_error")
                #expect(try wrong.json.int("error.code") == 400)
            }
        }

        @Test func `a conversation is written by the template`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"chat","messages":[{"role":"user","content":"hi"}"#
                let prompt = try await server.send(.POST, "/apply-template", body + "]}").json
                #expect(prompt.string("prompt") == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
                let begun = try await server.send(
                    .POST, "/apply-template", body + #",{"role":"assistant","content":"The"}]}"#
                ).json
                #expect(begun.string("prompt")?.hasSuffix("<|im_start|>assistant\nThe") == true)
                #expect(
                    try await server.send(
                        .POST, "/apply-template", #"{"model":"base","messages":[{"role":"user","content":"hi"}]}"#
                    ).status == 400)
            }
        }

        @Test func `without a name the active model answers, else the only one that is loaded`() async throws {
            try await TestServer.run { server in
                let body = #"{"content":"hello"}"#
                let none = try await server.send(.POST, "/tokenize", body)
                #expect(none.status == 400)
                #expect(try none.json.string("error.message")?.contains("model is required") == true)
                try await server.manager.load("base")
                #expect(try await server.send(.POST, "/tokenize", body).status == 200)
                try await server.manager.load("chat")
                #expect(try await server.send(.POST, "/tokenize", body).status == 400)
                try await server.manager.setActive("chat")
                #expect(try await server.send(.POST, "/tokenize", body).status == 200)
            }
        }

        @Test func `a completion in llama-server's form, whole and streamed`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"base","prompt":"hello","n_predict":8,"temperature":0,"return_tokens":true"#
                let whole = try await server.send(.POST, "/completion", body + "}").json
                #expect(whole.count("tokens") == 8)
                #expect(whole.bool("stop") == true && whole.string("stop_type") == "limit")
                #expect(whole.int("tokens_predicted") == 8)
                #expect(whole.int("timings.predicted_n") == 8)
                #expect(whole["generation_settings.temperature"] as? Double == 0)
                let stream = try await server.send(.POST, "/completion", body + #","stream":true}"#)
                let pieces = try stream.events.map { try JSONObject(Data($0.utf8)) }
                #expect(pieces.compactMap { $0.string("content") }.joined() == whole.string("content"))
                #expect(pieces.dropLast().allSatisfy { $0.bool("stop") == false })
                #expect(pieces.last?.bool("stop") == true && pieces.last?.int("tokens_predicted") == 8)
                let idle = try await server.send(
                    .POST, "/completion",
                    body + #","t_max_predict_ms":500,"samplers":["top_k"],"lora":[],"id_slot":-1}"#)
                #expect(
                    idle.headers["X-Roost-Warning"].first
                        == "These fields have no effect here: samplers, t_max_predict_ms.")
                let several = try await server.send(
                    .POST, "/completion",
                    #"{"model":"base","prompt":["hello","water"],"n_predict":8,"temperature":0}"#)
                let list = try #require(try JSONSerialization.jsonObject(with: several.body) as? [[String: Any]])
                #expect(list.map { $0["index"] as? Int } == [0, 1])
                #expect(list.first?["content"] as? String == whole.string("content"))
                let probable = try await server.send(.POST, "/completion", body + #","n_probs":2}"#).json
                #expect(probable.count("completion_probabilities") == 8)
                #expect(probable.count("completion_probabilities.0.top_logprobs") == 2)
                #expect(probable.int("completion_probabilities.0.id") == whole.int("tokens.0"))
                let first = try #require(whole.int("tokens.0"))
                for bias in ["[[\(first),false]]", #"{"\#(first)":-1000}"#] {
                    let biased = try await server.send(.POST, "/completion", body + #","logit_bias":\#(bias)}"#).json
                    #expect(biased.int("tokens.0") != first)
                }
            }
        }

        @Test func `a gap is filled by a model that was trained to`() async throws {
            try await TestServer.run { server in
                let file = server.home.appending(path: "fim.gguf")
                try TinyModel.qwen2(contextLength: 512).write(to: file)
                _ = try await server.manager.importModel(at: file, as: "fim")
                let body =
                    #"{"model":"fim","input_prefix":"func add(","input_suffix":")","n_predict":8,"temperature":0"#
                let whole = try await server.send(.POST, "/infill", body + "}").json
                #expect(whole.int("tokens_predicted") == 8)
                var options = GenerationOptions.greedy
                options.maxTokens = 8
                let direct = try await server.manager.generate(
                    GenerationRequest(.infill(InfillPrompt(prefix: "func add(", suffix: ")")), options: options),
                    model: "fim")
                #expect(whole.string("content") == direct.first?.text)
                let stream = try await server.send(.POST, "/infill", body + #","stream":true}"#)
                let text = try stream.events.map { try JSONObject(Data($0.utf8)).string("content") ?? "" }.joined()
                #expect(text == whole.string("content"))
                for (fields, words) in [
                    (#""model":"fim","input_suffix":"b""#, "input_prefix"),
                    (#""model":"fim","input_prefix":"b""#, "input_suffix"),
                    (#""model":"base","input_prefix":"a","input_suffix":"b""#, "fill-in-the-middle"),
                ] {
                    let refused = try await server.send(.POST, "/infill", "{\(fields)}")
                    #expect(refused.status == 400)
                    #expect(try refused.json.string("error.message")?.contains(words) == true)
                }
            }
        }
    }
}

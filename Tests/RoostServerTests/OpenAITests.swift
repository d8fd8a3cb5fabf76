import Foundation
import NIOHTTP1
import Roost
import Testing

extension ServerTests {
    @Suite struct OpenAITests {
        private let messages = #""messages":[{"role":"user","content":"hi"}]"#

        @Test func `models are listed and found by names with slashes`() async throws {
            try await TestServer.run { server in
                let list = try await server.send(.GET, "/v1/models").json
                #expect(list.string("object") == "list")
                #expect(list.count("data") == 3)
                #expect(list.string("data.0.id") == "base:latest")
                #expect(list.string("data.0.object") == "model")
                _ = try await server.manager.copy("base", to: "hf.co/user/repo:Q4")
                for path in ["hf.co/user/repo:Q4", "hf.co%2Fuser%2Frepo:Q4"] {
                    #expect(try await server.send(.GET, "/v1/models/\(path)").json.string("id") == "hf.co/user/repo:Q4")
                }
                let missing = try await server.send(.GET, "/v1/models/nobody")
                #expect(missing.status == 404)
                #expect(try missing.json.string("error.code") == "model_not_found")
            }
        }

        @Test func `a chat completion has message, finish reason and usage`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/v1/chat/completions", #"{"model":"chat","max_tokens":8,"temperature":0,\#(messages)}"#)
                #expect(reply.status == 200)
                let json = try reply.json
                #expect(json.string("object") == "chat.completion")
                #expect(json.string("id")?.hasPrefix("chatcmpl-") == true)
                #expect(json.string("choices.0.message.role") == "assistant")
                #expect(json.string("choices.0.message.content")?.isEmpty == false)
                #expect(json.string("choices.0.finish_reason") == "length")
                #expect(json.isNull("choices.0.logprobs"))
                #expect(json.int("usage.completion_tokens") == 8)
                let prompt = try #require(json.int("usage.prompt_tokens"))
                #expect(json.int("usage.total_tokens") == prompt + 8)
            }
        }

        @Test func `a chat stream has a role, deltas, a reason, usage and DONE`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"chat","max_completion_tokens":8,"temperature":0,"stream":true,\#(messages)"#
                let reply = try await server.send(
                    .POST, "/v1/chat/completions", body + #","stream_options":{"include_usage":true}}"#)
                #expect(reply.headers["Content-Type"] == ["text/event-stream; charset=utf-8"])
                #expect(reply.events.last == "[DONE]")
                let chunks = try reply.events.dropLast().map { try JSONObject(Data($0.utf8)) }
                #expect(chunks.allSatisfy { $0.string("object") == "chat.completion.chunk" })
                #expect(Set(chunks.compactMap { $0.string("id") }).count == 1)
                #expect(chunks.first?.string("choices.0.delta.role") == "assistant")
                #expect(chunks.first?.isNull("choices.0.finish_reason") == true)
                #expect(chunks.dropLast().allSatisfy { $0.isNull("usage") })
                #expect(chunks.dropLast().last?.string("choices.0.finish_reason") == "length")
                #expect(chunks.last?.count("choices") == 0)
                #expect(chunks.last?.int("usage.completion_tokens") == 8)
                let whole = try await server.send(
                    .POST, "/v1/chat/completions",
                    #"{"model":"chat","max_completion_tokens":8,"temperature":0,\#(messages)}"#)
                let text = chunks.compactMap { $0.string("choices.0.delta.content") }.joined()
                #expect(try whole.json.string("choices.0.message.content") == text)
                let plain = try await server.send(.POST, "/v1/chat/completions", body + "}")
                #expect(!plain.text.contains("usage"))
            }
        }

        @Test(arguments: [#""hello""#, #"["hello"]"#])
        func `a completion continues a prompt and streams the same text`(prompt: String) async throws {
            try await TestServer.run { server in
                let body = #"{"model":"base","prompt":\#(prompt),"max_tokens":8,"temperature":0"#
                let json = try await server.send(.POST, "/v1/completions", body + "}").json
                #expect(json.string("object") == "text_completion")
                #expect(json.string("id")?.hasPrefix("cmpl-") == true)
                let text = try #require(json.string("choices.0.text"))
                #expect(!text.isEmpty)
                let stream = try await server.send(.POST, "/v1/completions", body + #","stream":true}"#)
                let chunks = try stream.events.dropLast().map { try JSONObject(Data($0.utf8)) }
                #expect(chunks.compactMap { $0.string("choices.0.text") }.joined() == text)
                #expect(chunks.last?.string("choices.0.finish_reason") == "length")
                #expect(stream.events.last == "[DONE]")
            }
        }

        @Test func `a prompt of token ids is taken as it is`() async throws {
            try await TestServer.run { server in
                let tokens = try await server.manager.withModel("base") { try await $0.tokenize("hello") }
                let text = try await server.send(
                    .POST, "/v1/completions", #"{"model":"base","prompt":"hello","max_tokens":8,"temperature":0}"#)
                for prompt in ["\(tokens)", "[\(tokens)]"] {
                    let reply = try await server.send(
                        .POST, "/v1/completions",
                        #"{"model":"base","prompt":\#(prompt),"max_tokens":8,"temperature":0}"#)
                    #expect(try reply.json.string("choices.0.text") == text.json.string("choices.0.text"))
                    #expect(try reply.json.int("usage.prompt_tokens") == tokens.count)
                }
            }
        }

        @Test func `a completion has 16 tokens when no limit is given`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/v1/completions", #"{"model":"base","prompt":"a","temperature":0}"#)
                #expect(try reply.json.int("usage.completion_tokens") == 16)
            }
        }

        @Test func `a grammar or a schema in llama-server's fields is the answer's form`() async throws {
            try await TestServer.run { server in
                let grammar = #""grammar":"root ::= \"yes\" | \"no\"""#
                for (path, prompt, text) in [
                    ("/v1/completions", #""model":"base","prompt":"Yes or no? ""#, "choices.0.text"),
                    ("/v1/chat/completions", #""model":"chat",\#(messages)"#, "choices.0.message.content"),
                ] {
                    let formed = try await server.send(.POST, path, #"{\#(prompt),"max_tokens":8,\#(grammar)}"#)
                    #expect(try ["yes", "no"].contains(formed.json.string(text)), "\(formed.text)")
                }
                let schema = try await server.send(
                    .POST, "/v1/completions",
                    #"{"model":"base","prompt":"Yes or no? ","max_tokens":8,"json_schema":{"const":"yes"}}"#)
                #expect(try schema.json.string("choices.0.text") == #""yes""#, "\(schema.text)")
                let both = try await server.send(
                    .POST, "/v1/chat/completions",
                    #"{"model":"chat",\#(messages),\#(grammar),"response_format":{"type":"json_object"}}"#)
                #expect(both.status == 400)
                #expect(try both.json.string("error.param") == "grammar")
            }
        }

        @Test func `a schema holds behind a template whose vocabulary puts spaces where none are written`() async throws
        {
            try await TestServer.run { server in
                let schema = #"{"const":"yes"}"#
                for form in [
                    #""json_schema":\#(schema)"#,
                    #""response_format":{"type":"json_schema","json_schema":{"name":"a","schema":\#(schema)}}"#,
                ] {
                    let reply = try await server.send(
                        .POST, "/v1/chat/completions", #"{"model":"chat",\#(messages),"max_tokens":12,\#(form)}"#)
                    // The form lets white space and a fence stand around it, which this model may write for ever.
                    #expect(reply.status == 200, "\(reply.text)")
                    let content = try reply.json.string("choices.0.message.content") ?? ""
                    #expect(content.allSatisfy { $0.isWhitespace || "`json\"yes".contains($0) }, "\(content)")
                }
            }
        }

        @Test func `-1 is no limit of tokens`() async throws {
            try await TestServer.run { server in
                // To the end of the context, past the 16 tokens that are the default.
                let reply = try await server.send(
                    .POST, "/v1/completions",
                    #"{"model":"base","prompt":"a","temperature":0,"max_tokens":-1,"ignore_eos":true}"#)
                #expect(try (reply.json.int("usage.completion_tokens") ?? 0) > 400, "\(reply.text)")
            }
        }

        @Test func `logit_bias forbids a token`() async throws {
            try await TestServer.run { server in
                var options = GenerationOptions.greedy
                options.maxTokens = 1
                let greedy = try await server.manager.generate("hello", model: "base", options: options)
                let token = try #require(greedy.tokens.first)
                let body = #"{"model":"base","prompt":"hello","max_tokens":1,"temperature":0"#
                let free = try await server.send(.POST, "/v1/completions", body + "}")
                #expect(try free.json.string("choices.0.text") == greedy.text)
                let biased = try await server.send(
                    .POST, "/v1/completions", body + #","logit_bias":{"\#(token)":-100}}"#)
                #expect(try biased.json.string("choices.0.text") != greedy.text)
                let bad = try await server.send(.POST, "/v1/completions", body + #","logit_bias":{"word":1}}"#)
                #expect(bad.status == 400)
                #expect(try bad.json.string("error.param") == "logit_bias")
            }
        }

        @Test func `content parts of type text are joined, and pictures are told what is wrong with them`() async throws
        {
            try await TestServer.run { server in
                let parts = try await server.send(
                    .POST, "/v1/chat/completions",
                    #"{"model":"chat","max_tokens":1,"messages":[{"role":"developer","content":"be kind"},"#
                        + #"{"role":"user","content":[{"type":"text","text":"a"}]}]}"#)
                #expect(parts.status == 200)
                for (part, parameter, words) in [
                    (#"{"type":"image_url","image_url":{}}"#, "messages[0].content[0].image_url.url", "required"),
                    (
                        #"{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}"#,
                        "messages[0].content[0].image_url.url", "not fetched"
                    ),
                    (
                        #"{"type":"image_url","image_url":{"url":"data:image/png,raw"}}"#,
                        "messages[0].content[0].image_url.url", "base64"
                    ),
                    (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}"#, nil, "projector"),
                    (#"{"type":"input_audio"}"#, "messages[0].content[0].type", "input_audio"),
                ] as [(String, String?, String)] {
                    let image = try await server.send(
                        .POST, "/v1/chat/completions",
                        #"{"model":"chat","messages":[{"role":"user","content":[\#(part)]}]}"#)
                    #expect(image.status == 400)
                    #expect(try image.json.string("error.param") == parameter)
                    #expect(try image.json.string("error.message")?.contains(words) == true)
                }
            }
        }

        @Test func `chat with a base model works and says so`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/v1/chat/completions", #"{"model":"base","max_tokens":4,"stream":true,\#(messages)}"#)
                #expect(reply.status == 200)
                #expect(reply.headers["X-Roost-Warning"].first?.contains("base model") == true)
            }
        }

        @Test(
            arguments: [
                (#""model":"nobody""#, 404, "model_not_found", nil),
                (#""model":"chat","n":0"#, 400, nil, "n"),
                (#""model":"chat","n":129"#, 400, nil, "n"),
                (#""model":"chat","max_tokens":0"#, 400, nil, "max_tokens"),
                (#""model":"chat","temperature":"hot""#, 400, nil, "temperature"),
                (#""model":"chat","temperature":-1"#, 400, nil, "temperature"),
                (#""model":"chat","stop":[1]"#, 400, nil, "stop[0]"),
                (#""model":"chat","tools":[{"type":"function"}]"#, 400, nil, "tools[0].function"),
                (#""model":"chat","tools":[{"type":"web"}]"#, 400, nil, "tools[0].type"),
                (
                    #""model":"chat","tools":[{"function":{"name":"f","parameters":[]}}]"#, 400, nil,
                    "tools[0].function.parameters"
                ),
                (#""model":"base","tools":[{"function":{"name":"f"}}]"#, 400, nil, "tools"),
                (#""model":"chat","tool_choice":"required""#, 400, nil, "tool_choice"),
                (#""model":"chat","tool_choice":{"function":{"name":"f"}}"#, 400, nil, "tool_choice"),
                (#""model":"chat","functions":[{"name":"f"}]"#, 400, nil, "functions"),
                (
                    #""model":"chat","response_format":{"type":"json_schema"}"#, 400, nil,
                    "response_format.json_schema.schema"
                ),
                (#""model":"chat","response_format":{"type":"xml"}"#, 400, nil, "response_format"),
                (#""model":"chat","top_logprobs":3"#, 400, nil, "top_logprobs"),
                (#""model":"chat","logprobs":true,"top_logprobs":21"#, 400, nil, "top_logprobs"),
                (#""temperature":1"#, 400, nil, "model"),
            ] as [(String, Int, String?, String?)])
        func `bad requests are refused in OpenAI's form`(
            fields: String, status: Int, code: String?, parameter: String?
        ) async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, "/v1/chat/completions", "{\(fields),\(messages)}")
                #expect(reply.status == status)
                let json = try reply.json
                #expect(
                    Set((json["error"] as? [String: Any])?.keys.map { $0 } ?? []) == [
                        "message", "type", "param", "code",
                    ])
                #expect(json.string("error.type") == "invalid_request_error")
                #expect(json.string("error.code") == code)
                #expect(json.string("error.param") == parameter)
            }
        }

        @Test func `a prompt longer than the context has OpenAI's code`() async throws {
            try await TestServer.run { server in
                let prompt = String(repeating: "word ", count: 2000)
                let reply = try await server.send(.POST, "/v1/completions", #"{"model":"base","prompt":"\#(prompt)"}"#)
                #expect(reply.status == 400)
                #expect(try reply.json.string("error.code") == "context_length_exceeded")
            }
        }
    }
}

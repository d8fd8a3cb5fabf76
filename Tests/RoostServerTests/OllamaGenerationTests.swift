import Foundation
import NIOHTTP1
import Roost
import Testing
import Waiting

extension ServerTests {
    @Suite struct OllamaGenerationTests {
        private func options(_ more: String = "") -> String { #""options":{"temperature":0,"num_predict":8\#(more)}"# }

        @Test func `generate streams lines and ends with counts and durations`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/generate", #"{"model":"base","prompt":"hello",\#(options())}"#)
                #expect(reply.status == 200)
                #expect(reply.headers["Content-Type"] == ["application/x-ndjson"])
                let lines = try reply.lines
                let last = try #require(lines.last)
                #expect(lines.count > 1)
                #expect(lines.dropLast().allSatisfy { $0.bool("done") == false && $0.string("response") != "" })
                #expect(lines.allSatisfy { $0.string("model") == "base" && $0.string("created_at") != nil })
                #expect(last.bool("done") == true)
                #expect(last.string("done_reason") == "length")
                #expect(last.string("response") == "")
                #expect(last.int("eval_count") == 8)
                #expect((last.int("prompt_eval_count") ?? 0) > 0)
                for key in ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"] {
                    #expect((last.int(key) ?? 0) > 0, "\(key)")
                }
            }
        }

        @Test func `generate without stream gives the same text in one answer`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"base","prompt":"hello",\#(options())"#
                let streamed = try await server.send(.POST, "/api/generate", body + "}").lines
                let whole = try await server.send(.POST, "/api/generate", body + #","stream":false}"#)
                #expect(whole.headers["Content-Type"] == ["application/json; charset=utf-8"])
                let text = streamed.compactMap { $0.string("response") }.joined()
                #expect(!text.isEmpty)
                #expect(try whole.json.string("response") == text)
                #expect(try whole.json.bool("done") == true)
                #expect(try whole.json.int("eval_count") == 8)
            }
        }

        @Test func `dates have fractional seconds and a zone`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/generate", #"{"model":"base","prompt":"a","stream":false,\#(options())}"#)
                let text = try #require(try reply.json.string("created_at"))
                #expect(throws: Never.self) {
                    try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
                }
            }
        }

        @Test func `chat answers with a message by the chat template`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/chat",
                    #"{"model":"chat","messages":[{"role":"user","content":"hi"}],\#(options())}"#)
                let lines = try reply.lines
                let last = try #require(lines.last)
                #expect(reply.headers["X-Roost-Warning"].isEmpty)
                #expect(lines.allSatisfy { $0.string("message.role") == "assistant" })
                #expect(last.bool("done") == true)
                // The template adds marks around the message: the prompt has more tokens than the message alone.
                let raw = try await server.send(
                    .POST, "/api/generate", #"{"model":"chat","prompt":"hi","raw":true,"stream":false,\#(options())}"#)
                let template = try #require(last.int("prompt_eval_count"))
                let plain = try #require(try raw.json.int("prompt_eval_count"))
                #expect(template > plain)
            }
        }

        @Test func `generate uses the chat template unless raw`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"chat","prompt":"hi","stream":false,\#(options())"#
                let formed = try await server.send(.POST, "/api/generate", body + #","system":"be kind"}"#).json
                let plain = try await server.send(.POST, "/api/generate", body + #","raw":true}"#).json
                let formedCount = try #require(formed.int("prompt_eval_count"))
                let plainCount = try #require(plain.int("prompt_eval_count"))
                #expect(formedCount > plainCount + 10)
            }
        }

        @Test func `chat with a base model continues the joined messages and says so`() async throws {
            try await TestServer.run { server in
                let chat = try await server.send(
                    .POST, "/api/chat",
                    #"{"model":"base","stream":false,"messages":[{"role":"system","content":"one"},"#
                        + #"{"role":"user","content":"two"}],\#(options())}"#)
                let joined = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"base","prompt":"one\ntwo","raw":true,"stream":false,\#(options())}"#)
                #expect(chat.status == 200)
                #expect(chat.headers["X-Roost-Warning"].first?.contains("base model") == true)
                #expect(try chat.json.string("message.content") == joined.json.string("response"))
                #expect(try chat.json.int("prompt_eval_count") == joined.json.int("prompt_eval_count"))
            }
        }

        @Test func `an empty prompt loads the model and keep_alive 0 unloads it`() async throws {
            try await TestServer.run { server in
                let load = try await server.send(.POST, "/api/generate", #"{"model":"base"}"#).json
                #expect(load.string("done_reason") == "load")
                #expect(load.bool("done") == true)
                #expect(try await server.manager.loadedModels().map(\.record.name.description) == [TestServer.base])
                let unload = try await server.send(.POST, "/api/generate", #"{"model":"base","keep_alive":0}"#).json
                #expect(unload.string("done_reason") == "unload")
                #expect(try await server.manager.loadedModels().isEmpty)
                let chat = try await server.send(.POST, "/api/chat", #"{"model":"base","messages":[]}"#).json
                #expect(chat.string("done_reason") == "load")
                #expect(chat.string("message.content") == "")
            }
        }

        @Test func `keep_alive 0 with a prompt answers and then unloads`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"base","prompt":"a","keep_alive":0,"stream":false,\#(options())}"#)
                #expect(reply.status == 200)
                #expect(try await eventually { try await server.manager.loadedModels().isEmpty })
            }
        }

        @Test func `keep_alive sets when the model expires`() async throws {
            try await TestServer.run { server in
                _ = try await server.send(.POST, "/api/generate", #"{"model":"base","keep_alive":"1h"}"#)
                let hour = try #require(try await server.manager.loadedModels().first?.expiresAt)
                #expect(abs(hour.timeIntervalSinceNow - 3600) < 60)
                _ = try await server.send(.POST, "/api/generate", #"{"model":"base","keep_alive":-1}"#)
                let status = try #require(try await server.manager.loadedModels().first)
                #expect(status.expiresAt == nil)
            }
        }

        @Test func `num_ctx chooses the context length`() async throws {
            try await TestServer.run { server in
                _ = try await server.send(.POST, "/api/generate", #"{"model":"base","options":{"num_ctx":256}}"#)
                #expect(try await server.manager.loadedModels().first?.info.contextLength == 256)
            }
        }

        @Test func `stop strings end the answer and the same seed repeats it`() async throws {
            try await TestServer.run { server in
                let body =
                    #"{"model":"base","prompt":"hello","stream":false,"options":{"seed":7,"num_predict":24,"temperature":1"#
                let first = try await server.send(.POST, "/api/generate", body + "}}").json
                let again = try await server.send(.POST, "/api/generate", body + "}}").json
                let text = try #require(first.string("response"))
                #expect(again.string("response") == text)
                let index = text.index(text.startIndex, offsetBy: text.count / 2)
                let stop = String(text[index])
                let encoded = String(decoding: try JSONEncoder().encode([stop]), as: UTF8.self)
                let stopped = try await server.send(.POST, "/api/generate", body + #","stop":\#(encoded)}}"#).json
                #expect(stopped.string("done_reason") == "stop")
                #expect(stopped.string("response") == text.components(separatedBy: stop)[0])
            }
        }

        @Test func `format json gives an object`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"base","prompt":"a","format":"json","stream":false,"options":{"num_predict":4,"seed":1}}"#
                )
                #expect(try reply.json.string("response")?.hasPrefix("{") == true)
            }
        }

        @Test(
            arguments: [
                (#"{"model":"nobody","prompt":"a"}"#, 404, "model 'nobody' not found"),
                (#"{"model":"../x","prompt":"a"}"#, 404, "model '../x' not found"),
                (#"{"prompt":"a"}"#, 400, "model is required"),
                (#"{"model":"base","prompt":7}"#, 400, "prompt must be a string."),
                (
                    #"{"model":"base","prompt":"a","options":{"top_k":"x"}}"#, 400,
                    "options.top_k must be a whole number."
                ),
                (#"{"model":"base","prompt":"a","options":{"top_p":7}}"#, 400, nil),
                (
                    #"{"model":"base","prompt":"a","keep_alive":"soon"}"#, 400,
                    "keep_alive is not valid: it must be seconds or a duration such as \"5m\" or \"1h30m\"."
                ),
                (#"{"model":"base","prompt":"a","suffix":"b"}"#, 400, nil),
                (
                    #"{"model":"base","prompt":"a","images":["a"]}"#, 400, "images[0] is not a picture in base64."
                ),
                (#"{"model":"base","prompt":"a","images":["aGk="]}"#, 400, nil),
                (
                    #"{"model":"base","prompt":"a","think":"hard"}"#, 400,
                    #"think is not valid: it must be true, false, "max", "high", "medium" or "low"."#
                ),
                (
                    #"{"model":"base","prompt":"a","logprobs":true,"top_logprobs":21}"#, 400,
                    "top_logprobs is 21, but must be 0 to 20."
                ),
                (#"{"model":"base","prompt":"a","format":"xml"}"#, 400, "format must be \"json\" or a JSON schema."),
                (#"{"model":"base","prompt":"a","think":true}"#, 400, "\"base\" does not support thinking"),
                (
                    #"{"model":"base","prompt":"a","raw":true,"system":"b"}"#, 400,
                    "raw mode does not support template, system, or context"
                ),
                ("", 400, "missing request body"),
                ("{", 400, "The request body is not valid JSON, or a number in it is out of range."),
                ("[]", 400, nil),
                (#"{"model":"base","prompt":"a","options":{"num_predict":1e99}}"#, 400, nil),
            ] as [(String, Int, String?)])
        func `bad requests are refused in Ollama's form`(body: String, status: Int, message: String?) async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, "/api/generate", body)
                #expect(reply.status == status)
                let json = try reply.json
                #expect(json.keys == ["error"])
                let error = try #require(json.string("error"))
                if let message { #expect(error == message) }
            }
        }

        @Test func `a prompt longer than the context is refused with both numbers`() async throws {
            try await TestServer.run { server in
                let prompt = String(repeating: "word ", count: 2000)
                let reply = try await server.send(.POST, "/api/generate", #"{"model":"base","prompt":"\#(prompt)"}"#)
                #expect(reply.status == 400)
                #expect(try reply.json.string("error")?.contains("512") == true)
            }
        }

        @Test func `chat refuses unknown roles, and tools that a model cannot call, by name`() async throws {
            try await TestServer.run { server in
                let role = try await server.send(
                    .POST, "/api/chat", #"{"model":"chat","messages":[{"role":"judge","content":"a"}]}"#)
                #expect(role.status == 400)
                #expect(try role.json.string("error")?.contains("messages[0].role") == true)
                let tools = try await server.send(
                    .POST, "/api/chat",
                    #"{"model":"base","messages":[{"role":"user","content":"a"}],"#
                        + #""tools":[{"type":"function","function":{"name":"f"}}]}"#)
                #expect(tools.status == 400)
                #expect(try tools.json.string("error") == "base does not support tools")
                let nameless = try await server.send(
                    .POST, "/api/chat",
                    #"{"model":"chat","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function"}]}"#)
                #expect(nameless.status == 400)
                #expect(try nameless.json.string("error") == "tools[0].function is required.")
            }
        }

        @Test func `an ignored template is told in a header`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/api/generate", #"{"model":"chat","prompt":"a","template":"{{ .Prompt }}",\#(options())}"#)
                #expect(reply.status == 200)
                #expect(reply.headers["X-Roost-Warning"].first?.contains("template") == true)
            }
        }
    }
}

import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    /// Fields of `/api/generate` and `/api/chat` beyond the plain ones.
    @Suite struct OllamaFieldTests {
        private let greedy = #""options":{"temperature":0,"num_predict":8,"repeat_penalty":1},"stream":false"#

        @Test func `context goes on with a conversation as its tokens say`() async throws {
            try await TestServer.run { server in
                func generate(_ more: String) async throws -> JSONObject {
                    try await server.send(.POST, "/api/generate", #"{"model":"chat",\#(greedy),\#(more)}"#).json
                }
                let first = try await generate(#""prompt":"one""#)
                let context = try #require(first["context"] as? [Int])
                let promptCount = try #require(first.int("prompt_eval_count"))
                #expect(context.count == promptCount + 8)
                let second = try await generate(#""prompt":"two","context":\#(context)"#)
                #expect((second.int("prompt_eval_count") ?? 0) > context.count)
                let longer = try #require(second["context"] as? [Int])
                #expect(longer.starts(with: context))
                #expect(longer.count == (second.int("prompt_eval_count") ?? 0) + 8)
                // The same tokens as a prompt give the same answer.
                let tokens = longer.dropLast(8).map { Int32($0) }
                var options = GenerationOptions.greedy
                options.maxTokens = 8
                options.penaltyLastN = 64
                let told = try await server.manager.generate(
                    GenerationRequest(.tokens(tokens), options: options), model: "chat")
                #expect(second.string("response") == told.first?.text)
                // The last line of a stream has it, no other.
                let lines = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"chat","prompt":"one","options":{"temperature":0,"num_predict":8}}"#
                ).lines
                #expect(lines.filter { $0["context"] != nil }.count == 1 && lines.last?["context"] != nil)
                let raw = try await generate(#""prompt":"one","raw":true"#)
                #expect(raw["context"] == nil)
            }
        }

        @Test func `a context of wrong numbers is refused`() async throws {
            try await TestServer.run { server in
                for context in ["[-1]", "[99999999]", "[99999999999999]"] {
                    let reply = try await server.send(
                        .POST, "/api/generate", #"{"model":"chat","prompt":"a","context":\#(context)}"#)
                    #expect(reply.status == 400, "\(context): \(reply.text)")
                }
            }
        }

        @Test func `truncate leaves the oldest messages out and says how many; without it the conversation is refused`()
            async throws
        {
            try await TestServer.run { server in
                let turns = (0..<40).map { #"{"role":"user","content":"turn \#($0) of a conversation"}"# }
                let messages = #"[{"role":"system","content":"be brief"},"# + turns.joined(separator: ",") + "]"
                let body = #"{"model":"chat","messages":\#(messages),\#(greedy)"#
                let refused = try await server.send(.POST, "/api/chat", body + "}")
                #expect(refused.status == 400)
                #expect(try refused.json.string("error")?.contains("512") == true)
                let cut = try await server.send(.POST, "/api/chat", body + #","truncate":true}"#)
                #expect(cut.status == 200, "\(cut.text)")
                let warning = try #require(cut.headers["X-Roost-Warning"].first)
                let words = warning.split(separator: " ")
                let count = try #require(words.compactMap { Int($0) }.first)
                #expect(count > 0 && count < 40 && warning.contains("oldest messages were left out"))
                let prompt = try await server.send(
                    .POST, "/api/generate", #"{"model":"chat","prompt":"a","truncate":true,\#(greedy)}"#)
                #expect(prompt.headers["X-Roost-Warning"].first?.contains("truncate was ignored") == true)
                // One message alone cannot be cut.
                let long = String(repeating: "word ", count: 600)
                let whole = try await server.send(
                    .POST, "/api/chat",
                    #"{"model":"chat","messages":[{"role":"user","content":"\#(long)"}],"truncate":true,\#(greedy)}"#)
                #expect(whole.status == 400)
            }
        }

        @Test func `options that are not known, or have no effect, are told in a header and change nothing`()
            async throws
        {
            try await TestServer.run { server in
                let options =
                    #"{"temperature":0,"num_predict":2,"heat":1,"x\r\nSet-Cookie: a":2,"main_gpu":0,"num_keep":4}"#
                for (path, body) in [
                    ("/api/generate", #"{"model":"chat","prompt":"a","stream":false,"options":\#(options)}"#),
                    ("/api/generate", #"{"model":"chat","prompt":"a","options":\#(options)}"#),
                    ("/api/generate", #"{"model":"chat","options":\#(options)}"#),
                    (
                        "/api/chat",
                        #"{"model":"chat","messages":[{"role":"user","content":"a"}],"options":\#(options)}"#
                    ), ("/api/embed", #"{"model":"chat","input":"a","options":\#(options)}"#),
                    ("/api/embeddings", #"{"model":"chat","prompt":"a","options":\#(options)}"#),
                ] {
                    let reply = try await server.send(.POST, path, body)
                    #expect(reply.status == 200, "\(path): \(reply.text)")
                    #expect(
                        reply.headers["X-Roost-Warning"].first
                            == "These options are not known and were ignored: heat, xSetCookiea. "
                            + "These options have no effect here: main_gpu.", "\(path)")
                    #expect(reply.headers["Set-Cookie"].isEmpty)
                }
            }
        }

        @Test func `shift goes on past the end of the context`() async throws {
            try await TestServer.run { server in
                let body =
                    #"{"model":"base","prompt":"a","raw":true,"stream":false,"#
                    + #""options":{"temperature":0,"num_ctx":64,"num_predict":100,"num_keep":2}"#
                let ended = try await server.send(.POST, "/api/generate", body + "}").json
                #expect(ended.string("done_reason") == "length")
                #expect((ended.int("eval_count") ?? 100) < 64)
                let shifted = try await server.send(.POST, "/api/generate", body + #","shift":true}"#).json
                #expect(shifted.int("eval_count") == 100)
            }
        }

        @Test func `think takes the words that Ollama knows`() throws {
            func think(_ json: String) throws -> OllamaThink? {
                try RequestReader.decode(
                    OllamaGenerateRequest.self, from: Data(#"{"think":\#(json)}"#.utf8)
                ).think
            }
            for word in ["max", "high", "medium", "low"] { #expect(try think("\"\(word)\"") == .effort(word)) }
            #expect(try think("true") == .flag(true))
            #expect(throws: APIError.self) { try think("\"hard\"") }
        }

        @Test func `wrong methods and paths are answered with JSON that has an error`() async throws {
            try await TestServer.run { server in
                for (method, path, status) in [
                    (HTTPMethod.GET, "/api/generate", 405), (.GET, "/api/pull", 405), (.POST, "/api/tags", 405),
                    (.POST, "/api/nothing", 404), (.POST, "/api/delete", 405), (.GET, "/api/create", 405),
                ] {
                    let reply = try await server.send(method, path, method == .POST ? "{}" : nil)
                    #expect(reply.status == status, "\(path)")
                    #expect(try reply.json.keys == ["error"], "\(path)")
                }
                for path in ["/", "/api/version", "/api/tags"] {
                    #expect(try await server.send(.HEAD, path).status == 200)
                }
                #expect(try await server.send(.GET, "/").text == "Ollama is running")
            }
        }
    }
}

import Foundation
import NIOHTTP1
import Roost
import RoostServer
import Testing

extension ServerTests {
    @Suite struct AnthropicTests {
        private let hi = #""messages":[{"role":"user","content":"hi"}]"#

        @Test func `a message has text, a reason and usage`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/v1/messages", #"{"model":"chat","max_tokens":8,"temperature":0,\#(hi)}"#)
                #expect(reply.status == 200)
                let json = try reply.json
                #expect(json.string("id")?.hasPrefix("msg_") == true)
                #expect(json.string("type") == "message" && json.string("role") == "assistant")
                #expect(json.string("content.0.type") == "text")
                #expect(json.string("content.0.text")?.isEmpty == false)
                #expect(json.string("stop_reason") == "max_tokens" && json.isNull("stop_sequence"))
                #expect(json.int("usage.output_tokens") == 8)
                let count = try await server.send(.POST, "/v1/messages/count_tokens", #"{"model":"chat",\#(hi)}"#).json
                let input = (json.int("usage.input_tokens") ?? 0) + (json.int("usage.cache_read_input_tokens") ?? 0)
                #expect(count.int("input_tokens") == input)
            }
        }

        @Test func `a stream has Anthropic's events in order, and the same text`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"chat","max_tokens":8,"temperature":0,\#(hi)"#
                let reply = try await server.send(.POST, "/v1/messages", body + #","stream":true}"#)
                let events = try reply.namedEvents.filter { $0.name != "ping" }
                #expect(
                    events.map(\.name).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } } == [
                        "message_start", "content_block_start", "content_block_delta", "content_block_stop",
                        "message_delta", "message_stop",
                    ])
                #expect(events.allSatisfy { $0.json.string("type") == $0.name })
                let text = events.compactMap { $0.json.string("delta.text") }.joined()
                let whole = try await server.send(.POST, "/v1/messages", body + "}").json
                #expect(whole.string("content.0.text") == text)
                let end = events.first { $0.name == "message_delta" }?.json
                #expect(end?.string("delta.stop_reason") == "max_tokens")
                #expect(end?.int("usage.output_tokens") == 8)
                let input = (end?.int("usage.input_tokens") ?? 0) + (end?.int("usage.cache_read_input_tokens") ?? 0)
                #expect(events.first?.json.int("message.usage.input_tokens") == input)
            }
        }

        @Test func `a stop sequence of the request is told, and its text is not`() async throws {
            try await TestServer.run { server in
                try await SpokenAnswer.make("one two three", in: server)
                let body = try await SpokenAnswer.body(of: server, countedBy: "/v1/messages/count_tokens") {
                    #"{"model":"speaker","max_tokens":99,"stop_sequences":["two"],"messages":[{"role":"user","content":"\#($0)"}]}"#
                }
                let json = try await server.send(.POST, "/v1/messages", body).json
                #expect(json.string("content.0.text") == "one ")
                #expect(json.string("stop_reason") == "stop_sequence" && json.string("stop_sequence") == "two")
                let free = try await server.send(
                    .POST, "/v1/messages", body.replacingOccurrences(of: #"["two"]"#, with: "[]")
                ).json
                #expect(free.string("content.0.text") == "one two three")
                #expect(free.string("stop_reason") == "end_turn" && free.isNull("stop_sequence"))
            }
        }

        @Test func `a call of a tool is a block with its input, and its result is understood`() async throws {
            try await TestServer.run { server in
                try await SpokenAnswer.make(SpokenAnswer.toolCall, in: server)
                let tools = #""tools":[{"name":"weather","input_schema":\#(SpokenAnswer.schema)}]"#
                let body = try await SpokenAnswer.body(of: server, countedBy: "/v1/messages/count_tokens") {
                    #"{"model":"speaker","max_tokens":200,\#(tools),"messages":[{"role":"user","content":"\#($0)Oslo?"}]}"#
                }
                let json = try await server.send(.POST, "/v1/messages", body).json
                #expect(json.string("stop_reason") == "tool_use")
                #expect(json.count("content") == 1)
                #expect(json.string("content.0.type") == "tool_use" && json.string("content.0.name") == "weather")
                #expect(json.string("content.0.input.city") == "Oslo" && json.int("content.0.input.days") == 2)
                let id = try #require(json.string("content.0.id"))
                let events = try await server.send(
                    .POST, "/v1/messages", String(body.dropLast()) + #","stream":true}"#
                ).namedEvents
                let input = events.compactMap { $0.json.string("delta.partial_json") }.joined()
                #expect(try JSONObject(Data(input.utf8)).string("city") == "Oslo")
                let answered = try await server.send(
                    .POST, "/v1/messages",
                    #"""
                    {"model":"speaker","max_tokens":1,\#(tools),"messages":[{"role":"user","content":"Oslo?"},
                     {"role":"assistant","content":[{"type":"tool_use","id":"\#(id)","name":"weather","input":{"city":"Oslo"}}]},
                     {"role":"user","content":[{"type":"tool_result","tool_use_id":"\#(id)","content":[{"type":"text","text":"rain"}]},
                      {"type":"text","text":"So?"}]}]}
                    """#)
                #expect(answered.status == 200)
            }
        }

        @Test func `what is thought is a block of its own when it is asked for`() async throws {
            try await TestServer.run { server in
                try await SpokenAnswer.make("<think>\nSix times seven.\n</think>\n\nForty-two.", in: server)
                let body = try await SpokenAnswer.body(of: server, countedBy: "/v1/messages/count_tokens") {
                    #"""
                    {"model":"speaker","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},
                     "messages":[{"role":"user","content":"\#($0)"}]}
                    """#
                }
                let json = try await server.send(.POST, "/v1/messages", body).json
                #expect(json.string("content.0.type") == "thinking")
                #expect(json.string("content.0.thinking")?.hasPrefix("Six times seven.") == true)
                #expect(json.string("content.1.text") == "Forty-two.")
                #expect(json.string("stop_reason") == "end_turn")
                let events = try await server.send(
                    .POST, "/v1/messages", String(body.dropLast()) + #","stream":true}"#
                ).namedEvents
                let thought = events.compactMap { $0.json.string("delta.thinking") }.joined()
                #expect(thought == json.string("content.0.thinking"))
                #expect(events.compactMap { $0.json.string("delta.text") }.joined() == "Forty-two.")
                #expect(events.filter { $0.name == "content_block_stop" }.count == 2)
                // OpenAI's dialects tell how much of it was thought.
                let chat = try await SpokenAnswer.body(of: server, countedBy: "/v1/chat/completions/input_tokens") {
                    #"{"model":"speaker","messages":[{"role":"user","content":"\#($0)"}]}"#
                }
                let usage = try await server.send(.POST, "/v1/chat/completions", chat).json
                let count = try #require(usage.int("usage.completion_tokens_details.reasoning_tokens"))
                #expect(count > 10 && count < usage.int("usage.completion_tokens") ?? 0)
            }
        }

        @Test func `an answer that was begun is gone on with`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"chat","max_tokens":4,"temperature":0,"messages":[{"role":"user","content":"hi"}"#
                let begun = try await server.send(
                    .POST, "/v1/messages", body + #",{"role":"assistant","content":"The light"}]}"#
                ).json
                let fresh = try await server.send(.POST, "/v1/messages", body + "]}").json
                let count = (begun.int("usage.input_tokens") ?? 0) + (begun.int("usage.cache_read_input_tokens") ?? 0)
                let freshCount =
                    (fresh.int("usage.input_tokens") ?? 0) + (fresh.int("usage.cache_read_input_tokens") ?? 0)
                // The words themselves, and no mark of a further turn.
                #expect(count > freshCount && count <= freshCount + 4)
                #expect(begun.string("content.0.text")?.contains("The light") == false)
            }
        }

        @Test func `models are listed in Anthropic's form for its clients`() async throws {
            try await TestServer.run { server in
                let headers = ["anthropic-version": "2023-06-01"]
                let list = try await server.send(.GET, "/v1/models", headers: headers).json
                #expect(list.string("data.0.type") == "model")
                #expect(list.string("data.0.id") == "base:latest")
                #expect(list.bool("has_more") == false)
                let one = try await server.send(.GET, "/v1/models/chat", headers: headers).json
                #expect(one.string("display_name") == "chat")
            }
        }

        @Test(
            arguments: [
                (
                    #""model":"nobody","max_tokens":1,"messages":[{"role":"user","content":"a"}]"#, 404,
                    "not_found_error", "model: nobody"
                ),
                (
                    #""model":"chat","messages":[{"role":"user","content":"a"}]"#, 400, "invalid_request_error",
                    "max_tokens: Field required"
                ),
                (
                    #""model":"chat","max_tokens":0,"messages":[{"role":"user","content":"a"}]"#, 400,
                    "invalid_request_error", "max_tokens is 0"
                ),
                (#""model":"chat","max_tokens":1,"messages":[]"#, 400, "invalid_request_error", "at least one"),
                (
                    #""max_tokens":1,"messages":[{"role":"user","content":"a"}]"#, 400, "invalid_request_error",
                    "model: Field required"
                ),
                (
                    #""model":"chat","max_tokens":1,"messages":[{"role":"user","content":[{"type":"document"}]}]"#, 400,
                    "invalid_request_error", "messages[0].content[0].type"
                ),
                (
                    #""model":"chat","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://x"}}]}]"#,
                    400, "invalid_request_error", "messages[0].content[0].source.type"
                ),
                (
                    #""model":"chat","max_tokens":1,"messages":[{"role":"king","content":"a"}]"#, 400,
                    "invalid_request_error", "messages[0].role"
                ),
                (
                    #""model":"chat","max_tokens":1,"tools":[{"type":"web_search_20250305","name":"w"}],"messages":[{"role":"user","content":"a"}]"#,
                    400, "invalid_request_error", "tools[0].type"
                ),
                (
                    #""model":"chat","max_tokens":1,"tools":[{"name":"w"}],"messages":[{"role":"user","content":"a"}]"#,
                    400, "invalid_request_error", "tools[0].input_schema"
                ),
                (
                    #""model":"chat","max_tokens":1,"tool_choice":{"type":"any"},"messages":[{"role":"user","content":"a"}]"#,
                    400, "invalid_request_error", "tool_choice"
                ),
                (
                    #""model":"base","max_tokens":1,"tools":[{"name":"w","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"a"}]"#,
                    400, "invalid_request_error", "does not support tools"
                ),
            ] as [(String, Int, String, String)])
        func `bad requests are refused in Anthropic's form`(
            fields: String, status: Int, type: String, words: String
        ) async throws {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, "/v1/messages", "{\(fields)}")
                #expect(reply.status == status)
                let json = try reply.json
                #expect(json.string("type") == "error")
                #expect(json.string("error.type") == type)
                #expect(json.string("error.message")?.contains(words) == true)
            }
        }

        @Test func `other faults have Anthropic's form too`() async throws {
            try await TestServer.run(configure: { $0.maximumBodyByteCount = 1000 }) { server in
                let large = try await server.send(.POST, "/v1/messages", String(repeating: " ", count: 2000) + "{}")
                #expect(large.status == 413)
                #expect(try large.json.string("error.type") == "request_too_large")
                let method = try await server.send(.GET, "/v1/messages")
                #expect(method.status == 405)
                #expect(try method.json.string("type") == "error")
            }
        }
    }
}

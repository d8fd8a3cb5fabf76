import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct ResponsesTests {
        private let greedy = #""temperature":0,"max_output_tokens":8"#

        @Test func `a response has an output message, usage and what it was asked with`() async throws {
            try await TestServer.run { server in
                let reply = try await server.send(
                    .POST, "/v1/responses",
                    #"{"model":"chat","input":"hi","instructions":"Be brief.","metadata":{"a":"b"},\#(greedy)}"#)
                #expect(reply.status == 200)
                let json = try reply.json
                #expect(json.string("id")?.hasPrefix("resp_") == true)
                #expect(json.string("object") == "response")
                #expect(json.string("status") == "incomplete")
                #expect(json.string("incomplete_details.reason") == "max_output_tokens")
                #expect(json.string("output.0.type") == "message")
                #expect(json.string("output.0.role") == "assistant")
                #expect(json.string("output.0.content.0.type") == "output_text")
                #expect(json.string("output.0.content.0.text")?.isEmpty == false)
                #expect(json.int("usage.output_tokens") == 8)
                let input = try #require(json.int("usage.input_tokens"))
                #expect(json.int("usage.total_tokens") == input + 8)
                #expect(json.int("usage.output_tokens_details.reasoning_tokens") == 0)
                #expect(json.string("instructions") == "Be brief.")
                #expect(json.string("metadata.a") == "b")
                #expect(json.string("text.format.type") == "text")
                #expect(json.isNull("error") && json.isNull("previous_response_id"))
            }
        }

        @Test func `a stream has OpenAI's events in order, and the same text`() async throws {
            try await TestServer.run { server in
                let body = #"{"model":"chat","input":[{"role":"user","content":"hi"}],\#(greedy)"#
                let reply = try await server.send(.POST, "/v1/responses", body + #","stream":true}"#)
                #expect(reply.headers["Content-Type"] == ["text/event-stream; charset=utf-8"])
                let events = try reply.namedEvents
                #expect(
                    events.map(\.name).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } } == [
                        "response.created", "response.in_progress", "response.output_item.added",
                        "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                        "response.content_part.done", "response.output_item.done", "response.incomplete",
                    ])
                #expect(events.map { $0.json.int("sequence_number") } == Array(0..<events.count))
                #expect(events.allSatisfy { $0.json.string("type") == $0.name })
                let text = events.compactMap { $0.name.hasSuffix("text.delta") ? $0.json.string("delta") : nil }
                    .joined()
                let whole = try await server.send(.POST, "/v1/responses", body + "}").json
                #expect(whole.string("output.0.content.0.text") == text)
                #expect(events.last?.json.string("response.output.0.content.0.text") == text)
                #expect(events.last?.json.int("response.usage.output_tokens") == 8)
            }
        }

        @Test func `a response goes on with the one before it`() async throws {
            try await TestServer.run { server in
                let first = try await server.send(.POST, "/v1/responses", #"{"model":"chat","input":"hi",\#(greedy)}"#)
                    .json
                let (id, text) = (
                    try #require(first.string("id")), try #require(first.string("output.0.content.0.text"))
                )
                let second = try await server.send(
                    .POST, "/v1/responses",
                    #"{"model":"chat","input":"and?","previous_response_id":"\#(id)",\#(greedy)}"#
                ).json
                let escaped = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
                let spelled = try await server.send(
                    .POST, "/v1/responses",
                    #"""
                    {"model":"chat","input":[{"role":"user","content":"hi"},{"role":"assistant","content":\#(escaped)},
                     {"role":"user","content":"and?"}],\#(greedy)}
                    """#
                ).json
                #expect(second.string("output.0.content.0.text") == spelled.string("output.0.content.0.text"))
                #expect(second.int("usage.input_tokens") == spelled.int("usage.input_tokens"))
                #expect(second.string("previous_response_id") == id)
                let item = try #require(first.string("output.0.id"))
                let referred = try await server.send(
                    .POST, "/v1/responses",
                    #"""
                    {"model":"chat","input":[{"role":"user","content":"hi"},{"type":"item_reference","id":"\#(item)"},
                     {"role":"user","content":"and?"}],\#(greedy)}
                    """#
                ).json
                #expect(referred.int("usage.input_tokens") == spelled.int("usage.input_tokens"))
            }
        }

        @Test func `a response is found, its input listed, and deleted`() async throws {
            try await TestServer.run { server in
                let made = try await server.send(
                    .POST, "/v1/responses",
                    #"{"model":"chat","input":[{"role":"system","content":"x"},{"role":"user","content":"hi"}],\#(greedy)}"#
                )
                let id = try #require(try made.json.string("id"))
                let found = try await server.send(.GET, "/v1/responses/\(id)")
                #expect(found.status == 200 && found.text == made.text)
                let newest = try await server.send(.GET, "/v1/responses/\(id)/input_items?limit=1").json
                #expect(newest.string("data.0.role") == "user")
                #expect(newest.bool("has_more") == true)
                let rest = try await server.send(
                    .GET, "/v1/responses/\(id)/input_items?after=\(newest.string("last_id") ?? "")"
                ).json
                #expect(rest.string("data.0.role") == "system" && rest.bool("has_more") == false)
                let cancelled = try await server.send(.POST, "/v1/responses/\(id)/cancel")
                #expect(cancelled.status == 400 && cancelled.text.contains("background"))
                #expect(try await server.send(.DELETE, "/v1/responses/\(id)").json.bool("deleted") == true)
                for path in ["/v1/responses/\(id)", "/v1/responses/\(id)/input_items"] {
                    let gone = try await server.send(.GET, path)
                    #expect(gone.status == 404)
                    #expect(try gone.json.string("error.message") == "Response with id '\(id)' not found.")
                }
                let unstored = try await server.send(
                    .POST, "/v1/responses", #"{"model":"chat","input":"hi","store":false,\#(greedy)}"#
                ).json
                let other = try #require(unstored.string("id"))
                #expect(try await server.send(.GET, "/v1/responses/\(other)").status == 404)
            }
        }

        @Test func `a call of a function comes as an item, its result goes in as one`() async throws {
            try await TestServer.run { server in
                try await SpokenAnswer.make(SpokenAnswer.toolCall, in: server)
                let tool = #"{"type":"function","name":"weather","parameters":\#(SpokenAnswer.schema)}"#
                let body = try await SpokenAnswer.body(of: server, countedBy: "/v1/responses/input_tokens") {
                    #"{"model":"speaker","input":"\#($0)Oslo?","tools":[\#(tool)],"temperature":0}"#
                }
                let whole = try await server.send(.POST, "/v1/responses", body).json
                #expect(whole.string("status") == "completed")
                #expect(whole.count("output") == 1)
                #expect(whole.string("output.0.type") == "function_call")
                #expect(whole.string("output.0.name") == "weather")
                let arguments = try JSONObject(Data((whole.string("output.0.arguments") ?? "").utf8))
                #expect(arguments.string("city") == "Oslo" && arguments.int("days") == 2)
                let call = try #require(whole.string("output.0.call_id"))
                let streamed = try await server.send(
                    .POST, "/v1/responses", String(body.dropLast()) + #","stream":true}"#
                ).namedEvents
                #expect(streamed.last?.name == "response.completed")
                let deltas = streamed.filter { $0.name == "response.function_call_arguments.delta" }
                let done = streamed.first { $0.name == "response.function_call_arguments.done" }
                #expect(deltas.compactMap { $0.json.string("delta") }.joined() == done?.json.string("arguments"))
                let result = try await server.send(
                    .POST, "/v1/responses",
                    #"""
                    {"model":"speaker","max_output_tokens":1,"previous_response_id":"\#(whole.string("id") ?? "")",
                     "input":[{"type":"function_call_output","call_id":"\#(call)","output":"rain"}],"tools":[\#(tool)]}
                    """#)
                #expect(result.status == 200)
            }
        }

        @Test(
            arguments: [
                (#""input":"a","background":true"#, 400, "background"),
                (#""input":"a","tools":[{"type":"web_search"}]"#, 400, "tools[0].type"),
                (#""input":"a","tools":[{"type":"function"}]"#, 400, "tools[0].name"),
                (#""input":"a","conversation":"c""#, 400, "conversation"),
                (#""input":"a","truncation":"some""#, 400, "truncation"),
                (#""input":"a","include":["x"]"#, 400, "include"),
                (#""input":"a","reasoning":{"effort":"huge"}"#, 400, "reasoning.effort"),
                (#""input":"a","text":{"format":{"type":"json_schema"}}"#, 400, "text.format.schema"),
                (#""input":"a","max_output_tokens":0"#, 400, "max_output_tokens"),
                (#""input":[{"type":"computer_call"}]"#, 400, "input[0].type"),
                (#""input":[{"role":"king","content":"a"}]"#, 400, "input[0].role"),
                (#""input":[{"role":"user"}]"#, 400, "input[0].content"),
                (
                    #""input":[{"role":"user","content":[{"type":"input_file"}]}]"#, 400, "input[0].content[0].type"
                ),
                (
                    #""input":[{"role":"user","content":[{"type":"input_image","image_url":"http://x"}]}]"#, 400,
                    "input[0].content[0].image_url"
                ),
                (#""input":[{"type":"item_reference","id":"msg_1"}]"#, 404, "input"),
                (#""input":"a","previous_response_id":"resp_1""#, 400, "previous_response_id"),
                (#""temperature":1"#, 400, "input"),
            ] as [(String, Int, String)])
        func `what is not offered is refused by its field`(fields: String, status: Int, parameter: String) async throws
        {
            try await TestServer.run { server in
                let reply = try await server.send(.POST, "/v1/responses", #"{"model":"chat",\#(fields)}"#)
                #expect(reply.status == status)
                #expect(try reply.json.string("error.param") == parameter)
                #expect(try reply.json.string("error.type") == "invalid_request_error")
            }
        }

        @Test func `with truncation the oldest turns are dropped, without it the prompt is refused`() async throws {
            try await TestServer.run { server in
                let turns = (0..<12).map {
                    #"{"role":"user","content":"\#($0) \#(String(repeating: "light ", count: 40))"}"#
                }
                let body = #"{"model":"chat","input":[\#(turns.joined(separator: ","))],\#(greedy)"#
                let refused = try await server.send(.POST, "/v1/responses", body + "}")
                #expect(refused.status == 400)
                #expect(try refused.json.string("error.code") == "context_length_exceeded")
                let shortened = try await server.send(.POST, "/v1/responses", body + #","truncation":"auto"}"#)
                #expect(shortened.status == 200)
                #expect(shortened.headers["X-Roost-Warning"].first?.contains("dropped") == true)
                #expect(try (shortened.json.int("usage.input_tokens") ?? 0) > 256)
            }
        }
    }
}

@Suite struct ResponseStoreTests {
    private func entry(_ id: String, before: String? = nil, text: String = "hello") -> ResponseStore.Entry {
        var settings = ResponseSettings()
        settings.previousResponseID = before
        let response = ResponseObject(id: id, model: "m", createdAt: 0, settings: settings)
        let item = ResponseItem(id: "msg_\(id)", content: .message(role: "user", parts: [.inputText(text)]))
        return .init(response: response, input: [item])
    }

    @Test func `what was not used for longest is forgotten first`() {
        let store = ResponseStore(limits: .init(count: 2))
        store.keep(entry("a"), for: "k")
        store.keep(entry("b"), for: "k")
        #expect(store.entry("a", of: "k") != nil)
        store.keep(entry("c"), for: "k")
        #expect(store.entry("b", of: "k") == nil)
        #expect(store.entry("a", of: "k") != nil && store.entry("c", of: "k") != nil)
    }

    @Test func `bytes are bounded, for one caller and for all`() {
        let large = String(repeating: "x", count: 10_000)
        let store = ResponseStore(limits: .init(byteCount: 25_000, totalByteCount: 40_000))
        for id in ["a", "b", "c"] { store.keep(entry(id, text: large), for: "k") }
        #expect(["a", "b", "c"].map { store.entry($0, of: "k") != nil } == [false, true, true])
        for id in ["d", "e"] { store.keep(entry(id, text: large), for: "l") }
        #expect(["b", "c"].map { store.entry($0, of: "k") != nil } == [false, true])
        store.keep(entry("f", text: large + large + large), for: "m")
        #expect(store.entry("f", of: "m") == nil)
    }

    @Test func `another caller's response is not there`() throws {
        let store = ResponseStore()
        store.keep(entry("a"), for: "k")
        #expect(store.entry("a", of: "l") == nil)
        #expect(store.item("msg_a", of: "l") == nil)
        #expect(!store.remove("a", of: "l"))
        #expect(throws: APIError.self) { try store.conversation(upTo: "a", of: "l") }
        #expect(try store.conversation(upTo: "a", of: "k").map(\.id) == ["msg_a"])
    }

    @Test func `a conversation whose beginning is forgotten cannot be gone on with`() {
        let store = ResponseStore()
        store.keep(entry("a"), for: "k")
        store.keep(entry("b", before: "a"), for: "k")
        #expect((try? store.conversation(upTo: "b", of: "k"))?.map(\.id) == ["msg_a", "msg_b"])
        _ = store.remove("a", of: "k")
        #expect(throws: APIError.self) { try store.conversation(upTo: "b", of: "k") }
    }
}

extension Reply {
    /// The named server-sent events of a stream.
    var namedEvents: [(name: String, json: JSONObject)] {
        get throws {
            try text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { frame in
                let lines = frame.split(separator: "\n", maxSplits: 1)
                guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: ") else {
                    throw TestServerError.notAnObject(frame)
                }
                return (String(lines[0].dropFirst(7)), try JSONObject(Data(lines[1].dropFirst(6).utf8)))
            }
        }
    }
}

import Foundation
import Inference
import Testing

@testable import RemoteEngines

@Suite struct RequestBodyTests {
    private func body(_ kind: EngineKind, _ request: GenerationRequest) throws -> (String, [String: Any]) {
        let call = try RequestBody(engine: "e", kind: kind).call(request, model: "m")
        let text = String(decoding: call.body, as: UTF8.self)
        return (text, try #require(try JSONSerialization.jsonObject(with: Data(call.body)) as? [String: Any]))
    }

    private var chat: GenerationRequest {
        var request = GenerationRequest(.chat(ChatRequest([.system("s"), .user("a \"quoted\"\n\u{1} 🌍")])))
        request.options.maxTokens = 5
        return request
    }

    @Test func `an engine of which only OpenAI's API is known gets nothing else`() throws {
        var request = chat
        request.options.repeatPenalty = 1.2
        request.options.seed = 7
        request.options.stop = ["x"]
        request.options.logitBias = [5: -.infinity, 3: 1.5]
        request.options.format = .json
        request.usesPrefixCache = false
        request.tenant = "alice"
        let (text, fields) = try body(.openAI, request)
        #expect(
            Set(fields.keys) == [
                "model", "messages", "temperature", "top_p", "seed", "stop", "max_tokens", "logit_bias",
                "response_format", "stream", "stream_options",
            ])
        #expect(!text.contains("alice"))
        #expect(text.contains(#""temperature":0.8"#))
        #expect(fields["logit_bias"] as? [String: Double] == ["5": -100, "3": 1.5])
        let messages = fields["messages"] as? [[String: Any]]
        #expect(messages?.last?["content"] as? String == "a \"quoted\"\n\u{1} 🌍")
    }

    @Test func `engines with llama.cpp's options get what is not as it is anyway`() throws {
        var request = chat
        request.options.repeatPenalty = 1.2
        request.options.mirostat = 2
        request.options.typicalP = 0.5
        request.options.format = .grammar("root ::= \"a\"")
        request.usesPrefixCache = false
        for kind in [EngineKind.llamaServer, .roost, .jan] {
            let (_, fields) = try body(kind, request)
            #expect(fields["top_k"] as? Int == 40)
            #expect(fields["repeat_penalty"] as? Double == 1.2)
            #expect(fields["mirostat"] as? Int == 2 && fields["typical_p"] as? Double == 0.5)
            #expect(fields["mirostat_tau"] == nil)
            #expect(fields["cache_prompt"] as? Bool == false)
            #expect(fields["grammar"] as? String == "root ::= \"a\"")
        }
    }

    @Test func `vLLM gets its own words, and callers' caches apart`() throws {
        var request = chat
        request.options.repeatPenalty = 1.5
        request.tenant = "alice"
        let (text, fields) = try body(.vllm, request)
        #expect(fields["repetition_penalty"] as? Double == 1.5 && fields["repeat_penalty"] == nil)
        #expect((fields["cache_salt"] as? String)?.count == 64)
        #expect(!text.contains("alice"))
        request.tenant = "bob"
        #expect(try body(.vllm, request).1["cache_salt"] as? String != fields["cache_salt"] as? String)
    }

    @Test func `schemas keep the order of their properties`() throws {
        let schema = #"{"type":"object","properties":{"zebra":{"type":"string"},"ant":{"type":"string"}}}"#
        var request = chat
        request.options.format = .jsonSchema(schema)
        #expect(try body(.ollama, request).0.contains(#""schema":\#(schema)"#))
        guard case .chat(var conversation) = request.prompt else { return }
        conversation.tools = [ToolDefinition(name: "f", parameters: schema)]
        conversation.toolChoice = .function("f")
        conversation.allowsParallelToolCalls = false
        request.prompt = .chat(conversation)
        let (text, fields) = try body(.openAI, request)
        #expect(text.contains(#""parameters":\#(schema)"#))
        let choice = fields["tool_choice"] as? [String: Any]
        #expect((choice?["function"] as? [String: String])?["name"] == "f")
        #expect(fields["parallel_tool_calls"] as? Bool == false)
    }

    @Test func `a conversation keeps its calls, results, pictures and thoughts`() throws {
        var called = ChatMessage.assistant("")
        called.reasoning = "hm"
        called.toolCalls = [ToolCall(id: "c1", name: "f", arguments: #"{"a":1}"#)]
        var result = ChatMessage(role: .tool, content: "42")
        result.toolCallID = "c1"
        result.name = "f"
        let picture = ChatMessage(
            role: .user, parts: [.text("what?"), .image(Data([0x89, 0x50, 0x4E, 0x47, 1, 2]))])
        var conversation = ChatRequest([picture, called, result])
        conversation.isThinking = false
        conversation.templateArguments = ["x": "[1]", "broken": "{"]
        let request = GenerationRequest(.chat(conversation))
        let (_, fields) = try body(.llamaServer, request)
        let messages = try #require(fields["messages"] as? [[String: Any]])
        let parts = try #require(messages[0]["content"] as? [[String: Any]])
        #expect((parts[1]["image_url"] as? [String: String])?["url"] == "data:image/png;base64,iVBORwEC")
        #expect(messages[1]["content"] is NSNull)
        #expect(messages[1]["reasoning_content"] as? String == "hm")
        let call = (messages[1]["tool_calls"] as? [[String: Any]])?.first
        #expect((call?["function"] as? [String: String])?["arguments"] == #"{"a":1}"#)
        #expect(messages[2]["tool_call_id"] as? String == "c1" && messages[2]["role"] as? String == "tool")
        let arguments = fields["chat_template_kwargs"] as? [String: Any]
        #expect(arguments?["enable_thinking"] as? Bool == false && arguments?["x"] as? [Int] == [1])
        #expect(arguments?["broken"] == nil)
        let (text, other) = try body(.ollama, request)
        #expect(other["reasoning_effort"] as? String == "none" && !text.contains("reasoning_content"))
    }

    @Test func `gaps go where each kind has a place for them`() throws {
        var gap = InfillPrompt(prefix: "a", suffix: "c")
        gap.prompt = "b"
        let request = GenerationRequest(.infill(gap))
        let call = try RequestBody(engine: "e", kind: .llamaServer).call(request, model: "m")
        #expect(call.endpoint == .infill)
        let (_, fields) = try body(.roost, request)
        #expect(fields["prompt"] as? String == "ab" && fields["suffix"] as? String == "c")
        #expect(throws: RemoteEngineError.self) { try body(.vllm, request) }
    }

    @Test func `what cannot be left out is refused`() {
        var many = chat
        many.choiceCount = 3
        #expect(throws: RemoteEngineError.self) { try body(.ollama, many) }
        guard case .chat(var conversation) = chat.prompt else { return }
        conversation.messages.append(.assistant("go on"))
        conversation.continuesLastMessage = true
        #expect(throws: RemoteEngineError.self) { try body(.openAI, GenerationRequest(.chat(conversation))) }
        var plain = GenerationRequest(.text("a", addSpecial: true))
        plain.options.format = .json
        #expect(throws: RemoteEngineError.self) { try body(.openAI, plain) }
        #expect(throws: Never.self) { try body(.llamaServer, plain) }
    }
}

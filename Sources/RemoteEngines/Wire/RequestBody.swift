import Foundation
import Inference
import Security

/// Writes requests to an engine in OpenAI's form, with what its kind knows besides.
struct RequestBody: Sendable {
    let engine: String
    let kind: EngineKind
    let abilities: EngineAbilities

    init(engine: String, kind: EngineKind) {
        self.engine = engine
        self.kind = kind
        abilities = EngineAbilities(kind)
    }

    /// Where a request goes and what it says.
    struct Call: Sendable {
        /// Which endpoint it is.
        enum Endpoint: Sendable, Hashable { case chat, completions, infill }

        var endpoint: Endpoint
        var body: [UInt8]
    }

    /// The call for a request.
    ///
    /// - Throws: `InferenceError.invalidSchema`, or ``RemoteEngineError/unsupported(engine:what:advice:)`` for what this kind
    ///   of engine cannot do and cannot be left out.
    func call(_ request: GenerationRequest, model: String) throws -> Call {
        var body = JSONWriter()
        body.put("model", model)
        let endpoint: Call.Endpoint
        switch request.prompt {
        case .chat(let chat):
            endpoint = .chat
            try putChat(chat, &body)
        case .text(let text, let addSpecial):
            endpoint = .completions
            body.put("prompt", text)
            if kind == .vllm { body.put("add_special_tokens", addSpecial) }
        case .tokens(let tokens):
            guard abilities.takesTokens else {
                throw RemoteEngineError.unsupported(
                    engine: engine, what: "prompts of token ids", advice: "send the prompt as text")
            }
            endpoint = .completions
            body.put("prompt", raw: JSONWriter.array(tokens.map(String.init)))
        case .infill(let gap): endpoint = try putGap(gap, &body)
        }
        if request.choiceCount > 1 {
            guard abilities.hasChoices, endpoint != .infill else {
                throw RemoteEngineError.unsupported(
                    engine: engine, what: "way to give \(request.choiceCount) answers to one request (n)",
                    advice: "ask for one answer")
            }
            body.put("n", request.choiceCount)
        }
        try SamplingFields(options: request.options, endpoint: endpoint, abilities: abilities, engine: engine)
            .put(into: &body)
        if abilities.hasLlamaOptions, !request.usesPrefixCache { body.put("cache_prompt", false) }
        // The name itself is nobody's business there.
        if abilities.hasCacheSalt, !request.tenant.isEmpty {
            body.put("cache_salt", Digest.of(Array(request.tenant.utf8)).hexadecimal)
        }
        if abilities.hasProgress { body.put("return_progress", true) }
        body.put("stream", true)
        if endpoint != .infill { body.put("stream_options", raw: #"{"include_usage":true}"#) }
        return Call(endpoint: endpoint, body: body.data)
    }

    // MARK: Conversations

    /// The fields of a conversation; `/apply-template` takes them alone.
    func putChat(_ chat: ChatRequest, _ body: inout JSONWriter) throws {
        body.put("messages", raw: JSONWriter.array(chat.messages.map { message($0).text }))
        if !chat.tools.isEmpty {
            body.put("tools", raw: JSONWriter.array(try chat.tools.map(tool)))
            switch chat.toolChoice {
            case .auto: break
            case .none: body.put("tool_choice", "none")
            case .required: body.put("tool_choice", "required")
            case .function(let name):
                var function = JSONWriter()
                function.put("name", name)
                body.put("tool_choice", raw: #"{"type":"function","function":\#(function.text)}"#)
            }
            if !chat.allowsParallelToolCalls { body.put("parallel_tool_calls", false) }
        }
        if abilities.hasTemplateArguments {
            var arguments = JSONWriter()
            for (name, value) in chat.templateArguments.sorted(by: { $0.key < $1.key }) where JSONWriter.isJSON(value) {
                arguments.put(name, raw: value)
            }
            arguments.put("enable_thinking", chat.isThinking)
            if arguments.bytes.count > 1 { body.put("chat_template_kwargs", arguments) }
        } else if abilities.hasReasoningEffort, chat.isThinking == false {
            body.put("reasoning_effort", "none")
        }
        if abilities.hasLlamaOptions, !chat.separatesReasoning { body.put("reasoning_format", "none") }
        if chat.continuesLastMessage {
            switch abilities.continuation {
            case .implied: break
            case .flagged:
                body.put("continue_final_message", true)
                body.put("add_generation_prompt", false)
            case nil:
                throw RemoteEngineError.unsupported(
                    engine: engine, what: "way to go on with the assistant's last message",
                    advice: "end the conversation with a message of the user")
            }
        }
    }

    private func message(_ message: ChatMessage) -> JSONWriter {
        var body = JSONWriter()
        body.put("role", message.role.rawValue)
        if message.hasImages {
            body.put("content", raw: JSONWriter.array(message.parts.map(part)))
        } else if message.content.isEmpty, !message.toolCalls.isEmpty {
            body.put("content", raw: "null")
        } else {
            body.put("content", message.content)
        }
        if abilities.takesReasoning { body.put("reasoning_content", message.reasoning) }
        if !message.toolCalls.isEmpty {
            body.put(
                "tool_calls",
                raw: JSONWriter.array(
                    message.toolCalls.map { call in
                        var function = JSONWriter()
                        function.put("name", call.name)
                        function.put("arguments", call.arguments)
                        var body = JSONWriter()
                        body.put("id", call.id)
                        body.put("type", "function")
                        body.put("function", function)
                        return body.text
                    }))
        }
        body.put("tool_call_id", message.toolCallID)
        body.put("name", message.name)
        return body
    }

    private func part(_ part: ChatMessage.Part) -> String {
        var body = JSONWriter()
        switch part {
        case .text(let text):
            body.put("type", "text")
            body.put("text", text)
        case .image(let data):
            var image = JSONWriter()
            image.put("url", "data:\(Self.mediaType(data.prefix(4)));base64,\(data.base64EncodedString())")
            body.put("type", "image_url")
            body.put("image_url", image)
        }
        return body.text
    }

    private static func mediaType(_ beginning: some Collection<UInt8>) -> String {
        switch Array(beginning) {
        case let bytes where bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]): "image/png"
        case let bytes where bytes.starts(with: "GIF8".utf8): "image/gif"
        case let bytes where bytes.starts(with: "BM".utf8): "image/bmp"
        case let bytes where bytes.starts(with: "RIFF".utf8): "image/webp"
        default: "image/jpeg"
        }
    }

    private func tool(_ tool: ToolDefinition) throws -> String {
        guard JSONWriter.isJSON(tool.parameters) else {
            throw InferenceError.invalidSchema(reason: "the parameters of the tool “\(tool.name)” are not JSON")
        }
        var function = JSONWriter()
        function.put("name", tool.name)
        function.put("description", tool.description)
        function.put("parameters", raw: tool.parameters)
        return #"{"type":"function","function":\#(function.text)}"#
    }

    // MARK: Gaps

    private func putGap(_ gap: InfillPrompt, _ body: inout JSONWriter) throws -> Call.Endpoint {
        if abilities.hasInfill {
            body.put("input_prefix", gap.prefix)
            body.put("input_suffix", gap.suffix)
            body.put("prompt", gap.prompt)
            let files = gap.extra.map { file in
                var body = JSONWriter()
                body.put("filename", file.name)
                body.put("text", file.text)
                return body.text
            }
            body.put("input_extra", raw: JSONWriter.array(files))
            return .infill
        }
        guard abilities.hasSuffix, gap.extra.isEmpty else {
            throw RemoteEngineError.unsupported(
                engine: engine, what: abilities.hasSuffix ? "place for other files beside a gap" : "way to fill gaps",
                advice: abilities.hasSuffix ? "send the gap alone" : "send the text before the gap as a prompt")
        }
        body.put("prompt", gap.prefix + gap.prompt)
        body.put("suffix", gap.suffix)
        return .completions
    }
}

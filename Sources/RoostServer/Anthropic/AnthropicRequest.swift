import Roost

/// `POST /v1/messages`, and what its tokens are counted of.
struct AnthropicRequest: Decodable, Sendable {
    struct Tool: Decodable, Sendable {
        var type: String?
        var name: String?
        var description: String?
        var inputSchema: JSONText?

        enum CodingKeys: String, CodingKey {
            case type, name, description
            case inputSchema = "input_schema"
        }
    }

    struct ToolChoice: Decodable, Sendable {
        var type: String
        var name: String?
        var disablesParallelUse: Bool?

        enum CodingKeys: String, CodingKey {
            case type, name
            case disablesParallelUse = "disable_parallel_tool_use"
        }
    }

    struct Thinking: Decodable, Sendable {
        var type: String
    }

    struct OutputConfiguration: Decodable, Sendable {
        struct Format: Decodable, Sendable {
            var type: String
            var schema: JSONText?
        }

        var effort: String?
        var format: Format?
    }

    var model: String?
    var messages: [AnthropicInputMessage]?
    var maxTokens: Int?
    var system: TextOrParts<AnthropicInputMessage.Block>?
    var stopSequences: [String]?
    var stream: Bool?
    var temperature: Float?
    var topP: Float?
    var topK: Int?
    var tools: [Tool]?
    var toolChoice: ToolChoice?
    var thinking: Thinking?
    var outputConfiguration: OutputConfiguration?
    // What is refused.
    var container: JSONValue?
    var toolServers: JSONValue?

    enum CodingKeys: String, CodingKey {
        case model, messages, system, stream, temperature, tools, thinking, container
        case maxTokens = "max_tokens"
        case stopSequences = "stop_sequences"
        case topP = "top_p"
        case topK = "top_k"
        case toolChoice = "tool_choice"
        case outputConfiguration = "output_config"
        case toolServers = "mcp_servers"
    }
}

extension AnthropicRequest {
    /// Throws `APIError.invalidRequest` when no model is named.
    func requiredModel() throws -> String {
        guard let model, !model.isEmpty else {
            throw APIError.invalidRequest("model: Field required", parameter: "model")
        }
        return model
    }

    /// What is asked of the engine, with Anthropic's defaults: temperature 1, nothing cut. Throws
    /// `APIError.invalidRequest` that names the field.
    func generationRequest() throws -> GenerationRequest {
        guard let maxTokens else {
            throw APIError.invalidRequest("max_tokens: Field required", parameter: "max_tokens")
        }
        guard maxTokens > 0 else {
            throw APIError.invalidRequest(
                "max_tokens is \(maxTokens), but must be at least 1.", parameter: "max_tokens")
        }
        var options = GenerationOptions()
        options.temperature = temperature ?? 1
        options.topP = topP ?? 1
        options.topK = topK ?? 0
        options.minP = 0
        options.maxTokens = maxTokens
        options.stop = (stopSequences ?? []).filter { !$0.isEmpty }
        if let format = outputConfiguration?.format {
            options.format = try OpenAIFields.format(
                format.type, schema: format.schema, field: "output_config.format",
                schemaField: "output_config.format.schema")
        }
        return GenerationRequest(.chat(try chatRequest()), options: options)
    }

    /// The conversation and its tools. Throws `APIError.invalidRequest` that names the field.
    func chatRequest() throws -> ChatRequest {
        try OpenAIFields.refuse(container, "container", "container is not supported: this server runs no tools.")
        try OpenAIFields.refuse(
            toolServers, "mcp_servers", "mcp_servers are not supported: this server runs no tools.")
        guard let messages, !messages.isEmpty else {
            throw APIError.invalidRequest("messages: at least one message is required", parameter: "messages")
        }
        var chat = ChatRequest(try messages.enumerated().flatMap { try $1.chatMessages(index: $0) })
        if let text = try system?.text(field: "system"), !text.isEmpty { chat.messages.insert(.system(text), at: 0) }
        chat.tools = try definitions()
        try chooseTools(&chat)
        try think(&chat)
        // An answer that was begun is gone on with.
        if let last = chat.messages.last, last.role == .assistant, last.toolCalls.isEmpty {
            chat.continuesLastMessage = true
        }
        return chat
    }

    private func definitions() throws -> [ToolDefinition] {
        let tools = tools ?? []
        guard tools.count <= WireTool.maximumCount else {
            throw APIError.invalidRequest(
                "tools has \(tools.count) tools, but must have at most \(WireTool.maximumCount).", parameter: "tools")
        }
        return try tools.enumerated().map { index, tool in
            let field = "tools[\(index)]"
            guard tool.type ?? "custom" == "custom" else {
                throw APIError.invalidRequest(
                    "\(field).type is “\((tool.type ?? "").prefix(40))”, but must be custom: this server runs no tools.",
                    parameter: "\(field).type")
            }
            guard let schema = tool.inputSchema, !schema.isNull else {
                throw APIError.invalidRequest(
                    "\(field).input_schema: Field required", parameter: "\(field).input_schema")
            }
            return try WireTool.definition(
                name: tool.name ?? "", description: tool.description, parameters: schema, field: field,
                schemaName: "input_schema")
        }
    }

    private func chooseTools(_ chat: inout ChatRequest) throws {
        guard let toolChoice else { return }
        chat.allowsParallelToolCalls = !(toolChoice.disablesParallelUse ?? false)
        switch toolChoice.type {
        case "auto": chat.toolChoice = .auto
        case "none": chat.toolChoice = .none
        case "any":
            guard !chat.tools.isEmpty else {
                throw APIError.invalidRequest(
                    "tool_choice is any, but there are no tools.", parameter: "tool_choice")
            }
            chat.toolChoice = .required
        case "tool":
            guard let name = toolChoice.name, chat.tools.contains(where: { $0.name == name }) else {
                throw APIError.invalidRequest(
                    "tool_choice.name is “\((toolChoice.name ?? "").prefix(128))”, which is not among the tools.",
                    parameter: "tool_choice.name")
            }
            chat.toolChoice = .function(name)
        case let type:
            throw APIError.invalidRequest(
                "tool_choice.type is “\(type.prefix(40))”, but must be auto, any, tool or none.",
                parameter: "tool_choice.type")
        }
    }

    /// As Anthropic's models, a model that can be told does not think unless it is asked to.
    private func think(_ chat: inout ChatRequest) throws {
        switch thinking?.type {
        case nil, "disabled": chat.isThinking = false
        case "enabled": chat.isThinking = true
        // The model, or its template, decides.
        case "adaptive": chat.isThinking = nil
        case .some(let type):
            throw APIError.invalidRequest(
                "thinking.type is “\(type.prefix(40))”, but must be enabled, disabled or adaptive.",
                parameter: "thinking.type")
        }
        if chat.isThinking != false, let effort = outputConfiguration?.effort {
            try OpenAIFields.apply(effort: effort, field: "output_config.effort", to: &chat)
        }
    }
}

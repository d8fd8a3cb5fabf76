import Roost

/// `POST /v1/responses`.
struct ResponsesRequest: Decodable, Sendable {
    struct Text: Decodable, Sendable {
        struct Format: Decodable, Sendable {
            var type: String
            var schema: JSONText?
        }

        var format: Format?
    }

    struct Reasoning: Decodable, Sendable {
        var effort: String?
    }

    /// A function, with its parts beside `type` where chat completions have them inside `function`.
    struct Tool: Decodable, Sendable {
        var type: String
        var name: String?
        var description: String?
        var parameters: JSONText?
    }

    var model: String?
    var input: ResponseInput?
    var instructions: String?
    var tools: [Tool]?
    var toolChoice: OpenAIToolChoice?
    var parallelToolCalls: Bool?
    var text: Text?
    var reasoning: Reasoning?
    var maxOutputTokens: Int?
    var temperature: Float?
    var topP: Float?
    var topLogprobs: Int?
    var previousResponseID: String?
    var store: Bool?
    var stream: Bool?
    var include: [String]?
    var truncation: String?
    // What llama-server and vLLM take besides.
    var seed: Int?
    var stop: StopStrings?
    // What is refused.
    var background: Bool?
    var conversation: JSONValue?
    var prompt: JSONValue?
    var moderation: JSONValue?
    var contextManagement: JSONValue?

    enum CodingKeys: String, CodingKey {
        case model, input, instructions, tools, text, reasoning, temperature, store, stream, include, truncation, seed
        case stop, background, conversation, prompt, moderation
        case toolChoice = "tool_choice"
        case parallelToolCalls = "parallel_tool_calls"
        case maxOutputTokens = "max_output_tokens"
        case topP = "top_p"
        case topLogprobs = "top_logprobs"
        case previousResponseID = "previous_response_id"
        case contextManagement = "context_management"
    }
}

extension ResponsesRequest {
    private static let includable: Set<String> = [
        "file_search_call.results", "web_search_call.results", "web_search_call.action.sources",
        "message.input_image.image_url", "computer_call_output.output.image_url", "code_interpreter_call.outputs",
        "reasoning.encrypted_content", "message.output_text.logprobs",
    ]

    /// Refuses what is not offered. Throws `APIError.invalidRequest` that names the field.
    func check() throws {
        if background ?? false {
            throw APIError.invalidRequest(
                "background is not supported: leave it out, and read the response or its stream.",
                parameter: "background")
        }
        try OpenAIFields.refuse(
            conversation, "conversation", "conversation is not supported: send previous_response_id, or all items.")
        try OpenAIFields.refuse(
            prompt, "prompt", "prompt is not supported: this server stores no prompts; send instructions and input.")
        try OpenAIFields.refuse(
            moderation, "moderation", "moderation is not supported: this server judges no texts.")
        try OpenAIFields.refuse(
            contextManagement, "context_management",
            "context_management is not supported: nothing is compacted; send truncation: auto to drop the oldest.")
        for field in include ?? [] where !Self.includable.contains(field) {
            throw APIError.invalidRequest(
                "include has “\(field.prefix(60))”, which is not known.", parameter: "include")
        }
        switch truncation {
        case nil, "disabled", "auto": break
        case .some(let word):
            throw APIError.invalidRequest(
                "truncation is “\(word.prefix(40))”, but must be auto or disabled.", parameter: "truncation")
        }
    }

    /// What is asked of the engine for a conversation. Throws `APIError.invalidRequest` that names the field.
    func generationRequest(_ messages: [ChatMessage]) throws -> GenerationRequest {
        var options = GenerationOptions()
        options.temperature = temperature ?? 1
        options.topP = topP ?? 1
        options.topK = 0
        options.minP = 0
        if let seed { options.seed = UInt32(truncatingIfNeeded: seed) }
        if let stop { options.stop = stop.strings.filter { !$0.isEmpty } }
        if let limit = maxOutputTokens {
            guard limit > 0 else {
                throw APIError.invalidRequest(
                    "max_output_tokens is \(limit), but must be at least 1.", parameter: "max_output_tokens")
            }
            options.maxTokens = limit
        }
        options.format = try OpenAIFields.format(
            text?.format?.type, schema: text?.format?.schema, field: "text.format", schemaField: "text.format.schema")
        if topLogprobs != nil || (include ?? []).contains("message.output_text.logprobs") {
            options.topLogProbabilityCount = try WireLogProbability.checked(topLogprobs ?? 0, field: "top_logprobs")
        }
        return GenerationRequest(.chat(try chatRequest(messages)), options: options)
    }

    /// The conversation and its tools. Throws `APIError.invalidRequest` that names the field.
    func chatRequest(_ messages: [ChatMessage]) throws -> ChatRequest {
        guard messages.contains(where: { $0.role != .system }) else {
            throw APIError.invalidRequest("input must have at least one message.", parameter: "input")
        }
        var chat = ChatRequest(messages)
        chat.tools = try definitions()
        try toolChoice?.apply(to: &chat)
        chat.allowsParallelToolCalls = parallelToolCalls ?? true
        try OpenAIFields.apply(effort: reasoning?.effort, field: "reasoning.effort", to: &chat)
        return chat
    }

    private func definitions() throws -> [ToolDefinition] {
        let tools = tools ?? []
        guard tools.count <= WireTool.maximumCount else {
            throw APIError.invalidRequest(
                "tools has \(tools.count) functions, but must have at most \(WireTool.maximumCount).",
                parameter: "tools")
        }
        return try tools.enumerated().map { index, tool in
            let field = "tools[\(index)]"
            guard tool.type == "function" else {
                throw APIError.invalidRequest(
                    "\(field).type is “\(tool.type.prefix(40))”, but must be function: this server runs no tools.",
                    parameter: "\(field).type")
            }
            return try WireTool.definition(
                name: tool.name ?? "", description: tool.description, parameters: tool.parameters, field: field)
        }
    }
}

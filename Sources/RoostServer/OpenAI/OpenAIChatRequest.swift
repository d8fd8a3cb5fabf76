import Foundation
import Roost

/// `POST /v1/chat/completions`.
struct OpenAIChatRequest: Decodable, Sendable {
    let sampling: OpenAISampling
    var messages: [OpenAIMessage]?
    var tools: [WireTool]?
    var toolChoice: OpenAIToolChoice?
    var parallelToolCalls: Bool?
    /// What is refused, by field.
    var refused: [CodingKeys: JSONValue] = [:]
    var responseFormat: ResponseFormat?
    var logprobs: Bool?
    var topLogprobs: Int?
    // What llama-server and vLLM take besides.
    var templateArguments: [String: JSONText]?
    var reasoningEffort: String?
    var continuesLastMessage: Bool?

    struct ResponseFormat: Decodable, Sendable {
        struct Named: Decodable, Sendable {
            var schema: JSONText?
        }

        var type: String
        var jsonSchema: Named?
        /// llama-server's place for it.
        var schema: JSONText?

        enum CodingKeys: String, CodingKey {
            case type, schema
            case jsonSchema = "json_schema"
        }
    }

    enum CodingKeys: String, CodingKey {
        case messages, tools, functions, logprobs, audio, modalities, moderation
        case functionCall = "function_call"
        case webSearch = "web_search_options"
        case toolChoice = "tool_choice"
        case parallelToolCalls = "parallel_tool_calls"
        case responseFormat = "response_format"
        case topLogprobs = "top_logprobs"
        case templateArguments = "chat_template_kwargs"
        case reasoningEffort = "reasoning_effort"
        case continuesLastMessage = "continue_final_message"
    }

    init(from decoder: any Decoder) throws {
        sampling = try OpenAISampling(request: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        messages = try container.decodeIfPresent([OpenAIMessage].self, forKey: .messages)
        tools = try container.decodeIfPresent([WireTool].self, forKey: .tools)
        toolChoice = try container.decodeIfPresent(OpenAIToolChoice.self, forKey: .toolChoice)
        parallelToolCalls = try container.decodeIfPresent(Bool.self, forKey: .parallelToolCalls)
        for key in [CodingKeys.functions, .functionCall, .audio, .modalities, .moderation, .webSearch] {
            refused[key] = try container.decodeIfPresent(JSONValue.self, forKey: key)
        }
        responseFormat = try container.decodeIfPresent(ResponseFormat.self, forKey: .responseFormat)
        logprobs = try container.decodeIfPresent(Bool.self, forKey: .logprobs)
        topLogprobs = try container.decodeIfPresent(Int.self, forKey: .topLogprobs)
        templateArguments = try container.decodeIfPresent([String: JSONText].self, forKey: .templateArguments)
        reasoningEffort = try container.decodeIfPresent(String.self, forKey: .reasoningEffort)
        continuesLastMessage = try container.decodeIfPresent(Bool.self, forKey: .continuesLastMessage)
    }
}

extension OpenAIChatRequest {
    /// What is asked of the engine. Throws `APIError.invalidRequest` that names the field.
    func generationRequest() throws -> GenerationRequest {
        let chat = try chatRequest()
        var options = try sampling.generationOptions()
        options.format = try OpenAIFields.format(
            responseFormat?.type, schema: responseFormat?.jsonSchema?.schema ?? responseFormat?.schema,
            field: "response_format", schemaField: "response_format.json_schema.schema")
        try sampling.applyForm(to: &options)
        options.topLogProbabilityCount = try logProbabilityCount()
        return try sampling.request(.chat(chat), options)
    }

    /// The conversation and its tools. Throws `APIError.invalidRequest` that names the field.
    func chatRequest() throws -> ChatRequest {
        let messages = try (messages ?? []).enumerated().map { try $1.chatMessage(index: $0) }
        guard !messages.isEmpty else {
            throw APIError.invalidRequest("messages must have at least one message.", parameter: "messages")
        }
        try refuseWhatIsNotOffered()
        var chat = ChatRequest(messages)
        chat.tools = try WireTool.definitions(tools)
        try toolChoice?.apply(to: &chat)
        chat.allowsParallelToolCalls = parallelToolCalls ?? true
        chat.continuesLastMessage = continuesLastMessage ?? false
        try OpenAIFields.apply(effort: reasoningEffort, field: "reasoning_effort", to: &chat)
        for (name, value) in templateArguments ?? [:] {
            if name == "enable_thinking" {
                chat.isThinking = value.text == "true"
            } else {
                chat.templateArguments[name] = value.text
            }
        }
        return chat
    }

    private func refuseWhatIsNotOffered() throws {
        try OpenAIFields.refuse(refused[.functions], "functions", "functions are not supported: send tools.")
        try OpenAIFields.refuse(
            refused[.functionCall], "function_call", "function_call is not supported: send tools and tool_choice.")
        try OpenAIFields.refuse(refused[.audio], "audio", "audio is not supported: models answer with text.")
        if let modalities = refused[.modalities], modalities != .null, modalities != .array([.string("text")]) {
            throw APIError.invalidRequest(
                "modalities must be [\"text\"]: models answer with text.", parameter: "modalities")
        }
        try OpenAIFields.refuse(
            refused[.moderation], "moderation", "moderation is not supported: this server judges no texts.")
        try OpenAIFields.refuse(
            refused[.webSearch], "web_search_options", "web_search_options are not supported: nothing is searched.")
    }

    private func logProbabilityCount() throws -> Int? {
        guard let topLogprobs else { return logprobs ?? false ? 0 : nil }
        guard logprobs ?? false else {
            if topLogprobs == 0 { return nil }
            throw APIError.invalidRequest("top_logprobs goes with logprobs: true.", parameter: "top_logprobs")
        }
        return try WireLogProbability.checked(topLogprobs, field: "top_logprobs")
    }
}

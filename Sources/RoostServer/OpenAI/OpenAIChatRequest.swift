import Foundation
import Roost

/// `POST /v1/chat/completions`.
struct OpenAIChatRequest: Decodable, Sendable {
    let sampling: OpenAISampling
    var messages: [OpenAIMessage]?
    var tools: [WireTool]?
    var toolChoice: ToolChoice?
    var parallelToolCalls: Bool?
    var functions: JSONValue?
    var responseFormat: ResponseFormat?
    var logprobs: Bool?
    var topLogprobs: Int?
    // What llama-server and vLLM take besides.
    var templateArguments: [String: JSONText]?
    var reasoningEffort: String?

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

    /// A word, or the function that must be called.
    enum ToolChoice: Decodable, Sendable {
        case word(String)
        case function(String)

        private struct Object: Decodable {
            struct Function: Decodable { var name: String }

            var type: String?
            var function: Function
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let word = try? container.decode(String.self) {
                self = .word(word)
            } else {
                self = .function(try container.decode(Object.self).function.name)
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case messages, tools, functions, logprobs
        case toolChoice = "tool_choice"
        case parallelToolCalls = "parallel_tool_calls"
        case responseFormat = "response_format"
        case topLogprobs = "top_logprobs"
        case templateArguments = "chat_template_kwargs"
        case reasoningEffort = "reasoning_effort"
    }

    init(from decoder: any Decoder) throws {
        sampling = try OpenAISampling(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        messages = try container.decodeIfPresent([OpenAIMessage].self, forKey: .messages)
        tools = try container.decodeIfPresent([WireTool].self, forKey: .tools)
        toolChoice = try container.decodeIfPresent(ToolChoice.self, forKey: .toolChoice)
        parallelToolCalls = try container.decodeIfPresent(Bool.self, forKey: .parallelToolCalls)
        functions = try container.decodeIfPresent(JSONValue.self, forKey: .functions)
        responseFormat = try container.decodeIfPresent(ResponseFormat.self, forKey: .responseFormat)
        logprobs = try container.decodeIfPresent(Bool.self, forKey: .logprobs)
        topLogprobs = try container.decodeIfPresent(Int.self, forKey: .topLogprobs)
        templateArguments = try container.decodeIfPresent([String: JSONText].self, forKey: .templateArguments)
        reasoningEffort = try container.decodeIfPresent(String.self, forKey: .reasoningEffort)
    }
}

extension OpenAIChatRequest {
    /// What is asked of the engine. Throws `APIError.invalidRequest` that names the field.
    func generationRequest() throws -> GenerationRequest {
        let messages = try (messages ?? []).enumerated().map { try $1.chatMessage(index: $0) }
        guard !messages.isEmpty else {
            throw APIError.invalidRequest("messages must have at least one message.", parameter: "messages")
        }
        if let functions, !functions.isEmpty {
            throw APIError.invalidRequest("functions are not supported: send tools.", parameter: "functions")
        }
        var chat = ChatRequest(messages)
        chat.tools = try WireTool.definitions(tools)
        chat.toolChoice = try toolChoice(of: chat.tools)
        chat.allowsParallelToolCalls = parallelToolCalls ?? true
        if reasoningEffort == "none" { chat.isThinking = false }
        for (name, value) in templateArguments ?? [:] {
            if name == "enable_thinking" {
                chat.isThinking = value.text == "true"
            } else {
                chat.templateArguments[name] = value.text
            }
        }
        var options = try sampling.generationOptions()
        options.format = try format()
        options.topLogProbabilityCount = try logProbabilityCount()
        return try sampling.request(.chat(chat), options)
    }

    private func toolChoice(of tools: [ToolDefinition]) throws -> ChatRequest.ToolChoice {
        switch toolChoice {
        case nil, .word("auto"): return .auto
        case .word("none"): return .none
        case .word("required"):
            guard !tools.isEmpty else {
                throw APIError.invalidRequest(
                    "tool_choice is required, but there are no tools.", parameter: "tool_choice")
            }
            return .required
        case .word(let word):
            throw APIError.invalidRequest(
                "tool_choice is “\(word.prefix(40))”, but must be none, auto, required or a function.",
                parameter: "tool_choice")
        case .function(let name):
            guard tools.contains(where: { $0.name == name }) else {
                throw APIError.invalidRequest(
                    "tool_choice names “\(name.prefix(128))”, which is not among the tools.", parameter: "tool_choice")
            }
            return .function(name)
        }
    }

    private func format() throws -> OutputFormat {
        switch responseFormat?.type {
        case nil, "text": return .text
        case "json_object":
            guard let schema = responseFormat?.schema, schema.isObject else { return .json }
            return .jsonSchema(schema.text)
        case "json_schema":
            guard let schema = responseFormat?.jsonSchema?.schema ?? responseFormat?.schema else {
                throw APIError.invalidRequest(
                    "response_format.json_schema.schema is required.", parameter: "response_format.json_schema.schema")
            }
            guard schema.isObject else {
                throw APIError.invalidRequest(
                    "response_format.json_schema.schema must be an object.",
                    parameter: "response_format.json_schema.schema")
            }
            return .jsonSchema(schema.text)
        case .some(let type):
            throw APIError.invalidRequest(
                "response_format of type “\(type.prefix(40))” is not supported; use text, json_object or json_schema.",
                parameter: "response_format")
        }
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

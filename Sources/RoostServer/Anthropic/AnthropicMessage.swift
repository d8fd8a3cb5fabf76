import Foundation
import Roost

/// An answer in Anthropic's form.
struct AnthropicMessage: Encodable, Sendable {
    enum Block: Encodable, Sendable {
        case thinking(String)
        case text(String)
        /// The input is the object that the arguments are.
        case toolUse(id: String, name: String, input: JSONValue)

        enum CodingKeys: CodingKey { case type, text, thinking, signature, id, name, input, citations }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .thinking(let text):
                try container.encode("thinking", forKey: .type)
                try container.encode(text, forKey: .thinking)
                // Nothing is signed, and none is asked for when it comes back.
                try container.encode("", forKey: .signature)
            case .text(let text):
                try container.encode("text", forKey: .type)
                try container.encode(text, forKey: .text)
                try container.encodeNil(forKey: .citations)
            case .toolUse(let id, let name, let input):
                try container.encode("tool_use", forKey: .type)
                try container.encode(id, forKey: .id)
                try container.encode(name, forKey: .name)
                try container.encode(input, forKey: .input)
            }
        }
    }

    /// Tokens; those of the prompt that were cached are counted apart from the others.
    struct Usage: Encodable, Sendable {
        var inputTokens: Int
        var cacheReadTokens = 0
        var outputTokens: Int

        init(inputTokens: Int, outputTokens: Int) {
            self.inputTokens = inputTokens
            self.outputTokens = outputTokens
        }

        init(_ result: GenerationResult) {
            inputTokens = result.promptTokenCount - result.cachedPromptTokenCount
            cacheReadTokens = result.cachedPromptTokenCount
            outputTokens = result.completionTokenCount
        }

        enum CodingKeys: String, CodingKey {
            case inputTokens = "input_tokens"
            case cacheReadTokens = "cache_read_input_tokens"
            case cacheCreationTokens = "cache_creation_input_tokens"
            case outputTokens = "output_tokens"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(inputTokens, forKey: .inputTokens)
            try container.encode(cacheReadTokens, forKey: .cacheReadTokens)
            try container.encode(0, forKey: .cacheCreationTokens)
            try container.encode(outputTokens, forKey: .outputTokens)
        }
    }

    /// Why it ended.
    struct Stop: Encodable, Sendable {
        var reason: String?
        var sequence: String?

        init() {}

        /// - Parameter stops: the sequences that the request named; a template's own are not told.
        init(_ result: GenerationResult, stops: Set<String>) {
            switch result.finishReason {
            case .length: reason = "max_tokens"
            case .toolCalls: reason = "tool_use"
            case .stop:
                sequence = result.stopString.flatMap { stops.contains($0) ? $0 : nil }
                reason = sequence == nil ? "end_turn" : "stop_sequence"
            }
        }

        enum CodingKeys: String, CodingKey {
            case reason = "stop_reason"
            case sequence = "stop_sequence"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(Nullable(reason), forKey: .reason)
            try container.encode(Nullable(sequence), forKey: .sequence)
        }
    }

    let id: String
    let model: String
    var content: [Block] = []
    var stop = Stop()
    var usage = Usage(inputTokens: 0, outputTokens: 0)

    init(id: String, model: String) {
        self.id = id
        self.model = model
    }

    enum CodingKeys: CodingKey { case id, type, role, model, content, usage }

    func encode(to encoder: any Encoder) throws {
        try stop.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("message", forKey: .type)
        try container.encode("assistant", forKey: .role)
        try container.encode(model, forKey: .model)
        try container.encode(content, forKey: .content)
        try container.encode(usage, forKey: .usage)
    }

    /// The message with a whole answer.
    func whole(_ result: GenerationResult, stops: Set<String>) -> AnthropicMessage {
        var message = self
        if !result.reasoning.isEmpty { message.content.append(.thinking(result.reasoning)) }
        if !result.text.isEmpty { message.content.append(.text(result.text)) }
        for call in result.toolCalls {
            let input = (try? JSONDecoder().decode(JSONValue.self, from: Data(call.arguments.utf8))) ?? .object([:])
            message.content.append(.toolUse(id: call.id, name: call.name, input: input))
        }
        message.stop = Stop(result, stops: stops)
        message.usage = Usage(result)
        return message
    }
}

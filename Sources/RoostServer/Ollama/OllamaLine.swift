import Foundation
import NIOCore
import Roost

/// One line of `/api/generate` or `/api/chat`, or the whole answer: the text is in `response` or in `message`.
struct OllamaLine: Encodable, Sendable {
    struct Message: Encodable, Sendable {
        var role = "assistant"
        let content: String
        let thinking: String?
        let toolCalls: [OllamaToolCall]?

        enum CodingKeys: String, CodingKey {
            case role, content, thinking
            case toolCalls = "tool_calls"
        }
    }

    /// Which of the two endpoints writes it.
    enum Kind: Sendable { case generate, chat }

    let kind: Kind
    let model: String
    var createdAt = Date.now
    var text = ""
    var thinking = ""
    var toolCalls: [ToolCall] = []
    var logProbabilities: [TokenLogProbability] = []
    var doneReason: String?
    var metrics: OllamaMetrics?
    var context: [Int32]?

    enum CodingKeys: String, CodingKey {
        case model, response, message, done, thinking, logprobs, context
        case createdAt = "created_at"
        case doneReason = "done_reason"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(model, forKey: .model)
        try container.encode(createdAt, forKey: .createdAt)
        let thought = thinking.isEmpty ? nil : thinking
        switch kind {
        case .generate:
            try container.encode(text, forKey: .response)
            try container.encodeIfPresent(thought, forKey: .thinking)
        case .chat:
            let calls = toolCalls.isEmpty ? nil : toolCalls.enumerated().map { OllamaToolCall($1, index: $0) }
            try container.encode(Message(content: text, thinking: thought, toolCalls: calls), forKey: .message)
        }
        if !logProbabilities.isEmpty {
            try container.encode(logProbabilities.map(WireLogProbability.init), forKey: .logprobs)
        }
        try container.encode(doneReason != nil, forKey: .done)
        try container.encodeIfPresent(doneReason, forKey: .doneReason)
        try container.encodeIfPresent(context, forKey: .context)
        try metrics?.encode(to: encoder)
    }
}

/// A function call; Ollama gives the arguments as an object.
struct OllamaToolCall: Encodable, Sendable {
    struct Function: Encodable, Sendable {
        let index: Int
        let name: String
        let arguments: JSONValue
    }

    let id: String
    let function: Function

    init(_ call: ToolCall, index: Int) {
        id = call.id
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(call.arguments.utf8))
        // What the model broke off cannot be read; clients expect an object, and the function will say what it misses.
        let arguments: JSONValue = if case .object = value, let value { value } else { .object([:]) }
        function = Function(index: index, name: call.name, arguments: arguments)
    }
}

/// Newline-delimited JSON of a generation.
struct OllamaFrames: StreamFrames {
    static let contentType = "application/x-ndjson"

    let kind: OllamaLine.Kind
    let generation: StartedGeneration
    /// What the client may send back to go on; `nil` gives it nothing.
    var context: OllamaContext?

    private var line: OllamaLine { OllamaLine(kind: kind, model: generation.job.model) }

    func delta(_ delta: GenerationDelta) throws -> [ByteBuffer] {
        // Calls are written when they are whole: clients of this dialect do not join pieces.
        if delta.text.isEmpty, delta.reasoning.isEmpty, delta.logProbabilities.isEmpty { return [] }
        var line = line
        line.text = delta.text
        line.thinking = delta.reasoning
        line.logProbabilities = delta.logProbabilities
        return [try WireJSON.frame(line)]
    }

    func finished(_ results: [GenerationResult], last: GenerationResult) throws -> [ByteBuffer] {
        var frames: [ByteBuffer] = []
        if kind == .chat, !last.toolCalls.isEmpty {
            var line = line
            line.toolCalls = last.toolCalls
            frames.append(try WireJSON.frame(line))
        }
        return frames + [try WireJSON.frame(end(last))]
    }

    func failed(_ error: APIError) throws -> [ByteBuffer] {
        [try WireJSON.frame(OllamaError(error: error.message))]
    }

    /// The whole answer.
    func whole(_ answer: CollectedAnswer) -> OllamaLine {
        var line = end(answer.result)
        line.text = answer.result.text
        line.thinking = answer.result.reasoning
        line.toolCalls = answer.result.toolCalls
        line.logProbabilities = answer.logProbabilities
        return line
    }

    private func end(_ result: GenerationResult) -> OllamaLine {
        var line = line
        // Ollama has no word of its own for calls.
        line.doneReason = result.finishReason == .length ? "length" : "stop"
        line.metrics = OllamaMetrics(result, of: generation)
        line.context = context?.tokens(with: result)
        return line
    }
}

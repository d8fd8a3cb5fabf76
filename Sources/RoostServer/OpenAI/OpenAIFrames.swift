import NIOCore
import Roost
import Synchronization

/// Server-sent events of a generation, ended by `[DONE]`.
final class OpenAIFrames: StreamFrames {
    static let contentType = "text/event-stream; charset=utf-8"

    private let answer: OpenAIAnswer
    private let choiceCount: Int
    private let includesUsage: Bool
    /// Where the next probabilities of each choice belong in its text, in characters.
    private let textOffsets = Mutex<[Int: Int]>([:])

    init(answer: OpenAIAnswer, choiceCount: Int, includesUsage: Bool) {
        self.answer = answer
        self.choiceCount = choiceCount
        self.includesUsage = includesUsage
    }

    func opening() throws -> [ByteBuffer] {
        guard answer.kind == .chat else {
            return try (0..<choiceCount).compactMap { index in
                let echo = answer.echo(before: index)
                return echo.isEmpty ? nil : try chunk(.init(index: index, payload: .text(echo)))
            }
        }
        return try (0..<choiceCount).map { index in
            let message = OpenAIChoice.Message(role: "assistant", content: Nullable(""))
            return try chunk(.init(index: index, payload: .delta(message)))
        }
    }

    func delta(_ delta: GenerationDelta) throws -> [ByteBuffer] {
        let payload: OpenAIChoice.Payload
        switch answer.kind {
        case .completion: payload = .text(delta.text)
        case .chat:
            payload = .delta(
                .init(
                    content: delta.text.isEmpty ? nil : Nullable(delta.text),
                    reasoning: delta.reasoning.isEmpty ? nil : delta.reasoning,
                    toolCalls: delta.toolCalls.isEmpty ? nil : delta.toolCalls.map(OpenAIToolCall.init)))
        }
        return [
            try chunk(
                OpenAIChoice(
                    index: delta.choice, payload: payload,
                    logProbabilities: logProbabilities(of: delta)))
        ]
    }

    func ended(_ result: GenerationResult) throws -> [ByteBuffer] {
        let payload: OpenAIChoice.Payload = answer.kind == .chat ? .delta(.init()) : .text("")
        return [
            try chunk(
                OpenAIChoice(index: result.choice, payload: payload, finishReason: result.finishReason.openAIName))
        ]
    }

    func finished(_ results: [GenerationResult], last: GenerationResult) throws -> [ByteBuffer] {
        var frames = try ended(last)
        if includesUsage { frames.append(try frame(answer.usage(results))) }
        return frames + [Self.done]
    }

    func failed(_ error: APIError) throws -> [ByteBuffer] {
        [try frame(OpenAIErrorBody(error)), Self.done]
    }

    private func logProbabilities(of delta: GenerationDelta) -> OpenAILogProbabilities? {
        let tokens = delta.logProbabilities
        guard answer.kind == .completion, !tokens.isEmpty else { return .of(tokens, answer.kind) }
        let offset = textOffsets.withLock { offsets in
            let offset = offsets[delta.choice, default: 0]
            offsets[delta.choice] = offset + OpenAILogProbabilities.texts(of: tokens).reduce(0) { $0 + $1.count }
            return offset
        }
        return .of(tokens, answer.kind, textOffset: offset)
    }

    private func chunk(_ choice: OpenAIChoice) throws -> ByteBuffer {
        try frame(answer.chunk(choice, writesNullUsage: includesUsage))
    }

    private func frame(_ value: some Encodable) throws -> ByteBuffer {
        try WireJSON.frame(value, prefix: "data: ", suffix: "\n\n")
    }

    private static let done = ByteBuffer(staticString: "data: [DONE]\n\n")
}

import NIOCore
import Roost

/// Server-sent events of a generation, ended by `[DONE]`.
struct OpenAIFrames: StreamFrames {
    static let contentType = "text/event-stream; charset=utf-8"

    let answer: OpenAIAnswer
    let choiceCount: Int
    let includesUsage: Bool

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
                    logProbabilities: .of(delta.logProbabilities, answer.kind)))
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

    private func chunk(_ choice: OpenAIChoice) throws -> ByteBuffer {
        try frame(answer.chunk(choice, writesNullUsage: includesUsage))
    }

    private func frame(_ value: some Encodable) throws -> ByteBuffer {
        try WireJSON.frame(value, prefix: "data: ", suffix: "\n\n")
    }

    private static let done = ByteBuffer(staticString: "data: [DONE]\n\n")
}

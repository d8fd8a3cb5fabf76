import Foundation
import NIOCore
import Roost

/// Token counts of an answer.
struct OpenAIUsage: Encodable, Sendable {
    struct PromptDetails: Encodable, Sendable {
        let cachedTokens: Int

        enum CodingKeys: String, CodingKey {
            case cachedTokens = "cached_tokens"
        }
    }

    let promptTokens: Int
    let completionTokens: Int
    let totalTokens: Int
    let promptTokensDetails: PromptDetails

    init(_ result: GenerationResult) {
        promptTokens = result.promptTokenCount
        completionTokens = result.completionTokenCount
        totalTokens = promptTokens + completionTokens
        promptTokensDetails = PromptDetails(cachedTokens: result.cachedPromptTokenCount)
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptTokensDetails = "prompt_tokens_details"
    }
}

/// One choice: of a chat or a completion, whole or a piece of a stream.
struct OpenAIChoice: Encodable, Sendable {
    struct Message: Encodable, Sendable {
        var role: String?
        var content: String?
    }

    enum Payload: Sendable {
        /// `message` of a whole chat answer.
        case message(Message)
        /// `delta` of a chat stream.
        case delta(Message)
        /// `text` of a completion.
        case text(String)
    }

    let payload: Payload
    let finishReason: String?

    enum CodingKeys: String, CodingKey {
        case index, message, delta, text, logprobs
        case finishReason = "finish_reason"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(0, forKey: .index)
        switch payload {
        case .message(let message): try container.encode(message, forKey: .message)
        case .delta(let message): try container.encode(message, forKey: .delta)
        case .text(let text): try container.encode(text, forKey: .text)
        }
        try container.encodeNil(forKey: .logprobs)
        try container.encode(Nullable(finishReason), forKey: .finishReason)
    }
}

/// A whole answer, or one chunk of a stream.
struct OpenAICompletion: Encodable, Sendable {
    let id: String
    let object: String
    let created: Int
    let model: String
    let systemFingerprint: String
    let choices: [OpenAIChoice]
    let usage: OpenAIUsage?
    /// Whether `usage` is written as `null`: in every chunk but the last, when it was asked for.
    let writesNullUsage: Bool

    enum CodingKeys: String, CodingKey {
        case id, object, created, model, choices, usage
        case systemFingerprint = "system_fingerprint"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(object, forKey: .object)
        try container.encode(created, forKey: .created)
        try container.encode(model, forKey: .model)
        try container.encode(systemFingerprint, forKey: .systemFingerprint)
        try container.encode(choices, forKey: .choices)
        if usage != nil || writesNullUsage { try container.encode(Nullable(usage), forKey: .usage) }
    }
}

/// What all parts of one answer share.
struct OpenAIAnswer: Sendable {
    /// Which endpoint writes it.
    enum Kind: Sendable { case chat, completion }

    let kind: Kind
    let id: String
    let created: Int
    let model: String

    init(_ kind: Kind, model: String) {
        self.kind = kind
        self.model = model
        id = (kind == .chat ? "chatcmpl-" : "cmpl-") + UUID().uuidString.lowercased().filter { $0 != "-" }
        created = Int(Date.now.timeIntervalSince1970)
    }

    /// The whole answer.
    func whole(_ result: GenerationResult) -> OpenAICompletion {
        let payload: OpenAIChoice.Payload =
            kind == .chat ? .message(.init(role: "assistant", content: result.text)) : .text(result.text)
        return completion(
            kind == .chat ? "chat.completion" : "text_completion",
            [OpenAIChoice(payload: payload, finishReason: result.finishReason.rawValue)],
            usage: OpenAIUsage(result), writesNullUsage: false)
    }

    /// A chunk with a choice.
    func chunk(_ payload: OpenAIChoice.Payload, finishReason: String? = nil, writesNullUsage: Bool) -> OpenAICompletion
    {
        completion(
            chunkObject, [OpenAIChoice(payload: payload, finishReason: finishReason)], usage: nil,
            writesNullUsage: writesNullUsage)
    }

    /// The chunk that carries the counts.
    func usage(_ result: GenerationResult) -> OpenAICompletion {
        completion(chunkObject, [], usage: OpenAIUsage(result), writesNullUsage: false)
    }

    private var chunkObject: String { kind == .chat ? "chat.completion.chunk" : "text_completion" }

    private func completion(
        _ object: String, _ choices: [OpenAIChoice], usage: OpenAIUsage?, writesNullUsage: Bool
    ) -> OpenAICompletion {
        OpenAICompletion(
            id: id, object: object, created: created, model: model, systemFingerprint: "roost", choices: choices,
            usage: usage, writesNullUsage: writesNullUsage)
    }
}

/// Server-sent events of a generation, ended by `[DONE]`.
struct OpenAIFrames: StreamFrames {
    static let contentType = "text/event-stream; charset=utf-8"

    let answer: OpenAIAnswer
    let includesUsage: Bool

    func opening() throws -> [ByteBuffer] {
        guard answer.kind == .chat else { return [] }
        return [try frame(answer.chunk(.delta(.init(role: "assistant", content: "")), writesNullUsage: includesUsage))]
    }

    func text(_ text: String) throws -> ByteBuffer {
        try frame(answer.chunk(payload(text), writesNullUsage: includesUsage))
    }

    func finished(_ result: GenerationResult) throws -> [ByteBuffer] {
        let last = answer.kind == .chat ? .delta(.init()) : payload("")
        var frames = [
            try frame(
                answer.chunk(last, finishReason: result.finishReason.rawValue, writesNullUsage: includesUsage))
        ]
        if includesUsage { frames.append(try frame(answer.usage(result))) }
        return frames + [Self.done]
    }

    func failed(_ error: APIError) throws -> [ByteBuffer] {
        [try frame(OpenAIErrorBody(error)), Self.done]
    }

    private func payload(_ text: String) -> OpenAIChoice.Payload {
        answer.kind == .chat ? .delta(.init(content: text)) : .text(text)
    }

    private func frame(_ value: some Encodable) throws -> ByteBuffer {
        try WireJSON.frame(value, prefix: "data: ", suffix: "\n\n")
    }

    private static let done = ByteBuffer(staticString: "data: [DONE]\n\n")
}

import Foundation
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

    /// The prompt, which all choices share, and the tokens of each.
    init(_ results: [GenerationResult]) {
        promptTokens = results.first?.promptTokenCount ?? 0
        completionTokens = results.reduce(0) { $0 + $1.completionTokenCount }
        totalTokens = promptTokens + completionTokens
        promptTokensDetails = PromptDetails(cachedTokens: results.first?.cachedPromptTokenCount ?? 0)
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptTokensDetails = "prompt_tokens_details"
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
    /// The prompt, when it is to be written before each answer.
    let echo: String

    init(_ kind: Kind, model: String, echo: String = "") {
        self.kind = kind
        self.model = model
        self.echo = echo
        id = (kind == .chat ? "chatcmpl-" : "cmpl-") + UUID().uuidString.lowercased().filter { $0 != "-" }
        created = Int(Date.now.timeIntervalSince1970)
    }

    /// The whole answer.
    func whole(_ answers: [CollectedAnswer]) -> OpenAICompletion {
        completion(
            kind == .chat ? "chat.completion" : "text_completion", answers.map(choice),
            usage: OpenAIUsage(answers.map(\.result)), writesNullUsage: false)
    }

    private func choice(_ answer: CollectedAnswer) -> OpenAIChoice {
        let result = answer.result
        let payload: OpenAIChoice.Payload
        switch kind {
        case .completion: payload = .text(echo + result.text)
        case .chat:
            let hasText = !result.text.isEmpty || result.toolCalls.isEmpty
            payload = .message(
                .init(
                    role: "assistant", content: Nullable(hasText ? result.text : nil),
                    reasoning: result.reasoning.isEmpty ? nil : result.reasoning,
                    toolCalls: result.toolCalls.isEmpty ? nil : result.toolCalls.map(OpenAIToolCall.init)))
        }
        return OpenAIChoice(
            index: result.choice, payload: payload, logProbabilities: .of(answer.logProbabilities, kind),
            finishReason: result.finishReason.openAIName)
    }

    /// A chunk with a choice.
    func chunk(_ choice: OpenAIChoice, writesNullUsage: Bool) -> OpenAICompletion {
        completion(chunkObject, [choice], usage: nil, writesNullUsage: writesNullUsage)
    }

    /// The chunk that carries the counts.
    func usage(_ results: [GenerationResult]) -> OpenAICompletion {
        completion(chunkObject, [], usage: OpenAIUsage(results), writesNullUsage: false)
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

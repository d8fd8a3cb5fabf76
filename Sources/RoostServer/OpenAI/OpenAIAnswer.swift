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

    struct CompletionDetails: Encodable, Sendable {
        let reasoningTokens: Int

        enum CodingKeys: String, CodingKey {
            case reasoningTokens = "reasoning_tokens"
        }
    }

    let promptTokens: Int
    let completionTokens: Int
    let totalTokens: Int
    let promptTokensDetails: PromptDetails
    let completionTokensDetails: CompletionDetails

    /// Each prompt once, which `choicesPerPrompt` choices share, and the tokens of every choice.
    init(_ results: [GenerationResult], choicesPerPrompt: Int) {
        let prompts = results.enumerated().filter { $0.offset % max(1, choicesPerPrompt) == 0 }.map(\.element)
        promptTokens = prompts.reduce(0) { $0 + $1.promptTokenCount }
        completionTokens = results.reduce(0) { $0 + $1.completionTokenCount }
        totalTokens = promptTokens + completionTokens
        promptTokensDetails = PromptDetails(cachedTokens: prompts.reduce(0) { $0 + $1.cachedPromptTokenCount })
        completionTokensDetails = CompletionDetails(
            reasoningTokens: results.reduce(0) { $0 + $1.reasoningTokenCount })
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptTokensDetails = "prompt_tokens_details"
        case completionTokensDetails = "completion_tokens_details"
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
    /// What made it, for `system_fingerprint`.
    let fingerprint: String
    /// Answers to each prompt.
    let choicesPerPrompt: Int
    /// The prompts, when they are to be written before their answers.
    private let echoes: [String]

    init(_ kind: Kind, model: String, echoes: [String] = [], choicesPerPrompt: Int, fingerprint: String) {
        self.kind = kind
        self.model = model
        self.echoes = echoes
        self.choicesPerPrompt = choicesPerPrompt
        self.fingerprint = fingerprint
        id = WireIdentifier.make(kind == .chat ? "chatcmpl-" : "cmpl-")
        created = Int(Date.now.timeIntervalSince1970)
    }

    /// What is written before the text of a choice.
    func echo(before choice: Int) -> String {
        let prompt = choice / max(1, choicesPerPrompt)
        return echoes.indices.contains(prompt) ? echoes[prompt] : ""
    }

    /// The whole answer.
    func whole(_ answers: [CollectedAnswer]) -> OpenAICompletion {
        completion(
            kind == .chat ? "chat.completion" : "text_completion", answers.map(choice),
            usage: OpenAIUsage(answers.map(\.result), choicesPerPrompt: choicesPerPrompt), writesNullUsage: false)
    }

    private func choice(_ answer: CollectedAnswer) -> OpenAIChoice {
        let result = answer.result
        let payload: OpenAIChoice.Payload
        switch kind {
        case .completion: payload = .text(echo(before: result.choice) + result.text)
        case .chat:
            let hasText = !result.text.isEmpty || result.toolCalls.isEmpty
            payload = .message(
                .init(
                    role: "assistant", content: Nullable(hasText ? result.text : nil), refusal: Nullable(nil),
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
        completion(
            chunkObject, [], usage: OpenAIUsage(results, choicesPerPrompt: choicesPerPrompt), writesNullUsage: false)
    }

    private var chunkObject: String { kind == .chat ? "chat.completion.chunk" : "text_completion" }

    private func completion(
        _ object: String, _ choices: [OpenAIChoice], usage: OpenAIUsage?, writesNullUsage: Bool
    ) -> OpenAICompletion {
        OpenAICompletion(
            id: id, object: object, created: created, model: model, systemFingerprint: fingerprint, choices: choices,
            usage: usage, writesNullUsage: writesNullUsage)
    }
}

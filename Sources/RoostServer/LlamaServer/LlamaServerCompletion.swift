import NIOCore
import Roost

/// A completion in llama-server's own form: whole, or the last piece of a stream.
struct LlamaServerCompletion: Encodable, Sendable {
    /// What all pieces of one answer share.
    struct Answer: Sendable {
        let model: String
        let options: GenerationOptions
        let returnsTokens: Bool
    }

    struct Timings: Encodable, Sendable {
        let result: GenerationResult

        enum CodingKeys: String, CodingKey {
            case cachedCount = "cache_n"
            case promptCount = "prompt_n"
            case promptTime = "prompt_ms"
            case promptTimePerToken = "prompt_per_token_ms"
            case promptSpeed = "prompt_per_second"
            case predictedCount = "predicted_n"
            case predictedTime = "predicted_ms"
            case predictedTimePerToken = "predicted_per_token_ms"
            case predictedSpeed = "predicted_per_second"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            let promptCount = result.promptTokenCount - result.cachedPromptTokenCount
            let (promptTime, predictedTime) = (
                result.promptDuration / .milliseconds(1), result.completionDuration / .milliseconds(1)
            )
            try container.encode(result.cachedPromptTokenCount, forKey: .cachedCount)
            try container.encode(promptCount, forKey: .promptCount)
            try container.encode(promptTime, forKey: .promptTime)
            try container.encode(promptTime / Double(max(1, promptCount)), forKey: .promptTimePerToken)
            try container.encode(result.promptTokensPerSecond, forKey: .promptSpeed)
            try container.encode(result.completionTokenCount, forKey: .predictedCount)
            try container.encode(predictedTime, forKey: .predictedTime)
            try container.encode(
                predictedTime / Double(max(1, result.completionTokenCount)), forKey: .predictedTimePerToken)
            try container.encode(result.tokensPerSecond, forKey: .predictedSpeed)
        }
    }

    let answer: Answer
    let result: GenerationResult
    var logProbabilities: [TokenLogProbability] = []
    /// In a stream the text has been written already.
    var isStreamed = false

    enum CodingKeys: String, CodingKey {
        case index, content, tokens, stop, model, truncated, timings
        case predictedCount = "tokens_predicted"
        case evaluatedCount = "tokens_evaluated"
        case cachedCount = "tokens_cached"
        case settings = "generation_settings"
        case hasNewLine = "has_new_line"
        case stopType = "stop_type"
        case stoppingWord = "stopping_word"
        case probabilities = "completion_probabilities"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(result.choice, forKey: .index)
        try container.encode(isStreamed ? "" : result.text, forKey: .content)
        try container.encode(answer.returnsTokens && !isStreamed ? result.tokens : [], forKey: .tokens)
        try container.encode(true, forKey: .stop)
        try container.encode(answer.model, forKey: .model)
        try container.encode(result.completionTokenCount, forKey: .predictedCount)
        try container.encode(result.promptTokenCount, forKey: .evaluatedCount)
        // The last token is sampled and not computed.
        try container.encode(
            result.promptTokenCount + max(0, result.completionTokenCount - 1), forKey: .cachedCount)
        try container.encode(LlamaServerSettings(options: answer.options, seed: result.seed), forKey: .settings)
        try container.encode(result.text.contains("\n"), forKey: .hasNewLine)
        try container.encode(false, forKey: .truncated)
        try container.encode(stopType, forKey: .stopType)
        try container.encode(result.stopString ?? "", forKey: .stoppingWord)
        try container.encode(Timings(result: result), forKey: .timings)
        if !logProbabilities.isEmpty {
            try container.encode(logProbabilities.map(LlamaServerProbability.init), forKey: .probabilities)
        }
    }

    private var stopType: String {
        switch result.finishReason {
        case .length: "limit"
        case .stop, .toolCalls: result.stopString == nil ? "eos" : "word"
        }
    }
}

/// A token with its probability, in llama-server's form: OpenAI's, with the ids.
struct LlamaServerProbability: Encodable, Sendable {
    struct Candidate: Encodable, Sendable {
        let id: Int32
        let token: String
        let bytes: [UInt8]
        let logprob: Double

        init(_ candidate: TokenLogProbability.Candidate) {
            id = candidate.token
            token = String(decoding: candidate.bytes, as: UTF8.self)
            bytes = candidate.bytes
            logprob = WireLogProbability.finite(candidate.logProbability)
        }
    }

    let chosen: Candidate
    let top: [Candidate]

    init(_ token: TokenLogProbability) {
        chosen = Candidate(token.chosen)
        top = token.top.map(Candidate.init)
    }

    enum CodingKeys: String, CodingKey {
        case top = "top_logprobs"
    }

    func encode(to encoder: any Encoder) throws {
        try chosen.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(top, forKey: .top)
    }
}

/// A piece of a stream in llama-server's own form.
struct LlamaServerPiece: Encodable, Sendable {
    let delta: GenerationDelta

    enum CodingKeys: String, CodingKey {
        case index, content, tokens, stop
        case probabilities = "completion_probabilities"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(delta.choice, forKey: .index)
        try container.encode(delta.text, forKey: .content)
        try container.encode([Int32](), forKey: .tokens)
        try container.encode(false, forKey: .stop)
        if !delta.logProbabilities.isEmpty {
            try container.encode(delta.logProbabilities.map(LlamaServerProbability.init), forKey: .probabilities)
        }
    }
}

/// Server-sent events of a completion in llama-server's own form, which ends with the whole result and no mark.
struct LlamaServerFrames: StreamFrames {
    static let contentType = "text/event-stream; charset=utf-8"

    let answer: LlamaServerCompletion.Answer

    func delta(_ delta: GenerationDelta) throws -> [ByteBuffer] { [try frame(LlamaServerPiece(delta: delta))] }

    func ended(_ result: GenerationResult) throws -> [ByteBuffer] {
        [try frame(LlamaServerCompletion(answer: answer, result: result, isStreamed: true))]
    }

    func finished(_ results: [GenerationResult], last: GenerationResult) throws -> [ByteBuffer] { try ended(last) }

    func failed(_ error: APIError) throws -> [ByteBuffer] { [try frame(LlamaServerError(error))] }

    private func frame(_ value: some Encodable) throws -> ByteBuffer {
        try WireJSON.frame(value, prefix: "data: ", suffix: "\n\n")
    }
}

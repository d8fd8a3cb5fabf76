/// What a generation emits, in order: prompt progress where the prompt is long, text, then exactly one `finished`.
public enum GenerationEvent: Sendable, Hashable {
    /// Prompt tokens in the KV cache so far (`processed`), of `total`; `cached` of them were there already. Comes after
    /// each batch of a prompt that takes more than one.
    case promptProgress(processed: Int, total: Int, cached: Int)
    /// More text: whole Unicode scalars, never a part of a stop string. May be several tokens, never empty.
    case text(String)
    /// The end, with counts and durations. Nothing follows.
    case finished(GenerationResult)
}

/// Why a generation ended.
public enum FinishReason: String, Sendable, Hashable, Codable {
    /// The model's end-of-generation token, or a stop string.
    case stop
    /// `maxTokens` reached, or the context is full.
    case length
}

/// The whole answer and what it cost.
public struct GenerationResult: Sendable, Hashable, Codable {
    /// All emitted text.
    public var text: String
    /// The generated token ids, end-of-generation left out.
    public var tokens: [Int32]
    /// Why it ended.
    public var finishReason: FinishReason
    /// The stop string that ended it, if one did.
    public var stopString: String?
    /// Tokens in the prompt, cached ones included.
    public var promptTokenCount: Int
    /// Prompt tokens that were in the KV cache already.
    public var cachedPromptTokenCount: Int
    /// Tokens generated, the end-of-generation token included when one was sampled.
    public var completionTokenCount: Int
    /// Seed that the random choices were made with.
    public var seed: UInt32
    /// From submission until the engine took the request up.
    public var queueDuration: Duration
    /// Spent on the prompt tokens that were not cached.
    public var promptDuration: Duration
    /// From the end of the prompt to the last token.
    public var completionDuration: Duration
    /// From submission to the first token; `nil` when none was generated.
    public var timeToFirstToken: Duration?
    /// From submission to the end.
    public var totalDuration: Duration

    /// Decode speed; 0 when nothing was generated.
    public var tokensPerSecond: Double { completionDuration.rate(of: completionTokenCount) }
    /// Prefill speed over the tokens that were not cached; 0 when all were.
    public var promptTokensPerSecond: Double {
        promptDuration.rate(of: promptTokenCount - cachedPromptTokenCount)
    }
}

/// A whole answer and what it cost.
public struct GenerationResult: Sendable, Hashable, Codable {
    /// Which of the request's choices.
    public var choice = 0
    /// All emitted text.
    public var text: String
    /// What the model thought, when it is given apart.
    public var reasoning = ""
    /// The functions that it called.
    public var toolCalls: [ToolCall] = []
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
    /// Of those, the ones up to the end of what the model thought, its marks included.
    public var reasoningTokenCount = 0
    /// Tokens that speculation proposed.
    public var draftedTokenCount = 0
    /// Of those, the ones that the model agreed to.
    public var acceptedDraftTokenCount = 0
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

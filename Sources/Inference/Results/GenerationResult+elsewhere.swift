extension GenerationResult {
    /// An answer that was computed by another program, which tells neither token ids nor what it waited for; durations
    /// are zero until they are set.
    public init(
        text: String, finishReason: FinishReason, promptTokenCount: Int, completionTokenCount: Int, seed: UInt32
    ) {
        self.init(
            text: text, tokens: [], finishReason: finishReason, promptTokenCount: promptTokenCount,
            cachedPromptTokenCount: 0, completionTokenCount: completionTokenCount, seed: seed, queueDuration: .zero,
            promptDuration: .zero, completionDuration: .zero, timeToFirstToken: nil, totalDuration: .zero)
    }
}

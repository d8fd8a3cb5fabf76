extension OpenAISampling {
    /// The parameters that the request sets, by the names that models know them by: a model's own do not apply to those.
    var givenNames: Set<String> {
        let all: [(name: String, isGiven: Bool)] = [
            ("temperature", temperature != nil), ("top_p", topP != nil), ("top_k", topK != nil),
            ("min_p", minP != nil), ("repeat_penalty", repeatPenalty != nil),
            ("presence_penalty", presencePenalty != nil), ("frequency_penalty", frequencyPenalty != nil),
            ("seed", seed != nil), ("stop", stop != nil), ("num_predict", maxCompletionTokens ?? maxTokens != nil),
        ]
        return Set(all.filter(\.isGiven).map(\.name))
    }
}

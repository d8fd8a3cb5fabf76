extension LlamaServerOptions {
    /// The parameters that the request sets.
    var givenNames: Set<String> {
        Set(given: [
            "temperature": temperature != nil, "top_k": topK != nil, "top_p": topP != nil, "min_p": minP != nil,
            "typical_p": typicalP != nil, "repeat_last_n": repeatLastN != nil, "repeat_penalty": repeatPenalty != nil,
            "presence_penalty": presencePenalty != nil, "frequency_penalty": frequencyPenalty != nil,
            "mirostat": mirostat != nil, "mirostat_tau": mirostatTau != nil, "mirostat_eta": mirostatEta != nil,
            "num_keep": keptCount != nil, "seed": seed != nil, "stop": stop != nil,
            "num_predict": (predictedCount ?? maxTokens) != nil,
        ])
    }
}

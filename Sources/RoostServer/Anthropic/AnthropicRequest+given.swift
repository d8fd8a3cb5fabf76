extension AnthropicRequest {
    /// The parameters that the request sets.
    var givenNames: Set<String> {
        Set(given: [
            "temperature": temperature != nil, "top_p": topP != nil, "top_k": topK != nil,
            "stop": stopSequences != nil, "num_predict": maxTokens != nil,
        ])
    }
}

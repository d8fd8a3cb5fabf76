extension ResponsesRequest {
    /// The parameters that the request sets.
    var givenNames: Set<String> {
        Set(given: [
            "temperature": temperature != nil, "top_p": topP != nil, "seed": seed != nil, "stop": stop != nil,
            "num_predict": maxOutputTokens != nil,
        ])
    }
}

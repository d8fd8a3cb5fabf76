extension OpenAISampling {
    /// The parameters that the request sets; llama-server has those that OpenAI has by the same names, but for one.
    var givenNames: Set<String> {
        llama.givenNames.union(Set(given: ["num_predict": tokenLimit != nil]))
    }
}

public import Inference

extension GenerationOptions {
    /// Greedy and exactly this many tokens, none of them proposed; `nil` goes on until the context is full.
    ///
    /// What is proposed depends on what batches were measured to cost, and a batch of another shape may tip near-ties.
    public static func fixed(_ count: Int?) -> GenerationOptions {
        var options = GenerationOptions.greedy
        options.maxTokens = count
        options.ignoreEndOfGeneration = true
        options.allowsSpeculation = false
        return options
    }
}

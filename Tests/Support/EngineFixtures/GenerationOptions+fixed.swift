public import Inference

extension GenerationOptions {
    /// Greedy and exactly this many tokens; `nil` goes on until the context is full.
    public static func fixed(_ count: Int?) -> GenerationOptions {
        var options = GenerationOptions.greedy
        options.maxTokens = count
        options.ignoreEndOfGeneration = true
        return options
    }
}

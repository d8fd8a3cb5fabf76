/// What is to be measured of a loaded model: how long it takes to compute tokens, random ones, behind others.
public struct SpeedQuestion: Sendable, Hashable, Codable {
    /// How the context is made, and with how many threads it computes. What concerns the weights is as they were loaded.
    public var options: LoadOptions
    /// Tokens that are computed together, as a prompt; 0 measures none.
    public var promptTokenCount: Int
    /// Tokens that are computed one after the other; 0 measures none.
    public var generatedTokenCount: Int
    /// Tokens that are in the cache before.
    public var depth: Int
    /// How often each is measured.
    public var repetitionCount: Int

    /// A question.
    public init(
        options: LoadOptions, promptTokenCount: Int = 0, generatedTokenCount: Int = 0, depth: Int = 0,
        repetitionCount: Int = 1
    ) {
        self.options = options
        self.promptTokenCount = promptTokenCount
        self.generatedTokenCount = generatedTokenCount
        self.depth = depth
        self.repetitionCount = repetitionCount
    }

    /// Throws `InferenceError.invalidOption`.
    func validate(contextLength: Int) throws {
        try options.validate()
        let counts = [promptTokenCount, generatedTokenCount, depth]
        guard counts.allSatisfy({ (0...contextLength).contains($0) }), counts.reduce(0, +) <= contextLength else {
            throw InferenceError.invalidOption(
                name: "tokens to measure", value: counts.map(String.init).joined(separator: " + "),
                rule: "together at most the context of \(contextLength)")
        }
        guard (1...100).contains(repetitionCount) else {
            throw InferenceError.invalidOption(
                name: "repetitions", value: "\(repetitionCount)", rule: "from 1 to 100")
        }
    }
}

/// How long it took, run by run, in seconds.
public struct SpeedAnswer: Sendable, Hashable, Codable {
    /// All prompt tokens together; empty when none were asked for.
    public var promptSeconds: [Double]
    /// All generated tokens together; empty when none were asked for.
    public var generationSeconds: [Double]

    /// Prompt tokens in a second, run by run.
    public func promptRates(_ question: SpeedQuestion) -> [Double] {
        promptSeconds.map { Double(question.promptTokenCount) / $0 }
    }

    /// Generated tokens in a second, run by run.
    public func generationRates(_ question: SpeedQuestion) -> [Double] {
        generationSeconds.map { Double(question.generatedTokenCount) / $0 }
    }
}

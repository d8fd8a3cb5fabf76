/// A request with all that can be made ready without the engine's thread.
struct PreparedRequest: Sendable {
    let task: GenerationTask
    let prompt: PreparedPrompt
    /// One for each choice.
    let samplers: [Sampler]

    /// Throws `InferenceError`.
    init(_ task: GenerationTask, prompt: PreparedPrompt, model: ModelHandle, contextLength: Int) throws {
        self.task = task
        self.prompt = prompt
        let grammar = try prompt.grammar.map { try GrammarSampler($0, model: model) }
        let seed = task.options.drawnSeed
        let tokens = prompt.pieces.flatMap { if case .tokens(let tokens) = $0 { tokens } else { [Int32]() } }
        samplers = try (0..<max(1, task.request.choiceCount)).map { choice in
            let sampler = try Sampler(
                task.options, seed: seed &+ UInt32(choice), grammar: grammar, model: model,
                contextLength: contextLength)
            sampler.accept(prompt: tokens)
            return sampler
        }
    }
}

/// Makes a request's prompt ready. Runs on the preparation thread.
protocol PromptPreparing: Sendable {
    /// Throws `InferenceError`.
    func prepare(_ request: GenerationRequest) throws -> PreparedPrompt
}

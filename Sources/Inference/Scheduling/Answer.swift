import CLlama

/// One answer as it grows: tokens become text, text becomes what readers are given.
struct Answer {
    private let choice: Int
    private let parser: (any AnswerParser)?
    private let preservedTokens: Set<Int32>
    private var assembler: TextAssembler
    private var piece: [UInt8] = []
    private var pending = GenerationDelta()

    private(set) var text = ""
    private(set) var tokens: [Int32] = []
    /// Tokens chosen, one that ended it included.
    private(set) var sampledCount = 0
    /// Tokens chosen when the parser last gave something that was thought.
    private(set) var reasoningCount = 0
    private(set) var firstToken: ContinuousClock.Instant?
    private(set) var lastToken: ContinuousClock.Instant?

    init(choice: Int, prompt: PreparedPrompt) {
        self.choice = choice
        parser = choice == 0 ? prompt.parser : prompt.parser?.fresh()
        preservedTokens = Set(prompt.preservedTokens)
        assembler = TextAssembler(stops: prompt.stops)
        pending.choice = choice
    }

    /// The stop string that was met.
    var metStop: String? { assembler.metStop }

    /// Takes the next token; true when it ends the answer.
    ///
    /// Throws `InferenceError` of the parser.
    mutating func append(
        _ token: Int32, probability: TokenLogProbability?, model: ModelHandle, now: ContinuousClock.Instant
    ) throws -> Bool {
        firstToken = firstToken ?? now
        lastToken = now
        sampledCount += 1
        if llama_vocab_is_eog(model.vocabulary, token) { return true }
        tokens.append(token)
        if let probability { pending.logProbabilities.append(probability) }
        piece.removeAll(keepingCapacity: true)
        model.piece(of: token, isSpecial: preservedTokens.contains(token), into: &piece)
        try take(assembler.append(piece))
        return assembler.metStop != nil
    }

    /// No more tokens come.
    mutating func end() throws {
        try take(assembler.finish())
        guard let parser else { return }
        add(try parser.finish())
    }

    /// What readers have not been given; `nil` when there is nothing yet.
    mutating func takeDelta(isLast: Bool) -> GenerationDelta? {
        let hasContent = !pending.text.isEmpty || !pending.reasoning.isEmpty || !pending.toolCalls.isEmpty
        guard hasContent || (isLast && !pending.isEmpty) else { return nil }
        defer {
            pending = GenerationDelta()
            pending.choice = choice
        }
        return pending
    }

    private mutating func take(_ more: String) throws {
        guard !more.isEmpty else { return }
        if let parser { add(try parser.append(more)) } else { add(GenerationDelta(text: more)) }
    }

    private mutating func add(_ delta: GenerationDelta) {
        text += delta.text
        pending.text += delta.text
        pending.reasoning += delta.reasoning
        if !delta.reasoning.isEmpty { reasoningCount = sampledCount }
        pending.toolCalls += delta.toolCalls
    }

    /// What a parser read; without one only the text.
    var message: ParsedMessage { parser?.message ?? ParsedMessage(content: text) }
}

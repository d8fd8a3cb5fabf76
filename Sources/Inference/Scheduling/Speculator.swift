/// Proposes the next tokens of one sequence and decides how many are worth computing. On the engine's thread.
protocol Speculator: AnyObject {
    /// A new sequence: its prompt.
    func begin(_ prompt: [Int32])
    /// Tokens that the sequence went on with.
    func accept(_ tokens: [Int32])
    /// Up to `room` tokens to compute beside `others` tokens of other sequences; none when it is not worth it.
    func propose(room: Int, others: Int) -> [Int32]
    /// What became of the last proposal, which may be an empty one.
    func record(acceptedCount: Int, others: Int)
}

/// Makes speculators, and is told what batches of answers' tokens take. On the engine's thread.
protocol Speculation: AnyObject {
    /// One for a new sequence; `nil` when there is nothing to propose from.
    func makeSpeculator(for request: GenerationRequest) -> (any Speculator)?
    /// A batch of `tokenCount` tokens, all with logits, took `duration`.
    func record(tokenCount: Int, duration: Duration)
}

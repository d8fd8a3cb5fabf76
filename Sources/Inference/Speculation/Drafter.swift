/// Proposes the next tokens of one sequence. A wrong proposal costs time and changes nothing. On the engine's thread.
protocol Drafter: AnyObject {
    /// A new sequence: its prompt.
    func begin(_ prompt: [Int32])
    /// Tokens that the sequence went on with.
    func accept(_ tokens: some Sequence<Int32>)
    /// Up to `count` tokens that may come next; none when there is no good guess.
    func propose(_ count: Int) -> [Int32]
    /// How sure each token of the last proposal is, for ``SpeculationGovernor``; as many as there were tokens.
    var strengths: [DraftStrength] { get }
}

/// How fast a model can be at most, by what limits it.
public struct SpeedExpectation: Sendable, Hashable, Codable {
    /// Tokens in a second of one answer, at the beginning of a conversation; `nil` when unknown.
    public var decodeTokensPerSecond: Double?
    /// The same with a full context.
    public var fullContextTokensPerSecond: Double?
    /// Tokens of a prompt in a second; `nil` when unknown.
    public var prefillTokensPerSecond: Double?
    /// What limits answers: `reading memory on CPU`.
    public var decodeLimit: String?
    /// What limits prompts: `computing on CUDA0`.
    public var prefillLimit: String?
    /// Bytes of weights that are read for each token.
    public var byteCountPerToken: Int64
    /// Whether the limits were measured on the machine; else they are its makers' specifications.
    public var isMeasured: Bool
    /// What to do to know more; `nil` when all is known.
    public var hint: String?
}

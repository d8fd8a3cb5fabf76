public import Inference

/// How a model is to be loaded on a machine, what it takes, and how fast it can be.
public struct ModelPlan: Sendable, Hashable, Codable {
    /// Whether it fits with ``options``.
    public var fits: Bool
    /// The settings: the best that fit, or those that need least when none do.
    public var options: LoadOptions
    /// Tokens of prompt and answer, as the options give them.
    public var contextLength: Int
    /// What it takes.
    public var memory: MemoryEstimate
    /// Bytes of the machine's memory that it needs, what GPUs take of a shared pool included.
    public var neededByteCount: Int64
    /// Every setting that was chosen, with its reason.
    public var choices: [SettingChoice]
    /// How fast it can be at most.
    public var speed: SpeedExpectation
    /// What to change when it does not fit, or when less than what was asked for did.
    public var advice: [String]
    /// Whether the engine itself gave the figures; else they are computed from the header alone.
    public var isExact: Bool
}

/// One setting and why it is what it is.
public struct SettingChoice: Sendable, Hashable, Codable {
    /// What is set, in words: `context`, `GPU layers`.
    public var setting: String
    /// Its value.
    public var value: String
    /// Why, in a sentence.
    public var reason: String

    /// A choice.
    public init(_ setting: String, _ value: String, _ reason: String) {
        self.setting = setting
        self.value = value
        self.reason = reason
    }
}

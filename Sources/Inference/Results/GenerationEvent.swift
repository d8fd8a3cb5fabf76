/// What a generation emits, in order: its place while it waits, prompt progress where the prompt is long, deltas, and
/// `finished` once for each choice. The stream ends after the last `finished`.
public enum GenerationEvent: Sendable, Hashable, Codable {
    /// It waits; 1 is next.
    case queued(place: Int)
    /// Prompt tokens in the KV cache so far (`processed`), of `total`; `cached` of them were there already. Comes after
    /// each batch of a prompt that takes more than one.
    case promptProgress(processed: Int, total: Int, cached: Int)
    /// More of an answer. Never empty.
    case delta(GenerationDelta)
    /// The end of one choice, with counts and durations.
    case finished(GenerationResult)

    /// More text of the first choice.
    public static func text(_ text: String) -> GenerationEvent { .delta(GenerationDelta(text: text)) }
}

/// More of one answer: what came since the last one, of each kind.
public struct GenerationDelta: Sendable, Hashable, Codable {
    /// Which of the request's choices.
    public var choice = 0
    /// Text: whole Unicode scalars, never a part of a stop string. May be of several tokens.
    public var text = ""
    /// What the model thinks, when it is given apart.
    public var reasoning = ""
    /// Calls of functions, or more of their arguments.
    public var toolCalls: [ToolCallDelta] = []
    /// The tokens of this delta with their probabilities, when they were asked for.
    public var logProbabilities: [TokenLogProbability] = []

    /// More of an answer.
    public init(
        choice: Int = 0, text: String = "", reasoning: String = "", toolCalls: [ToolCallDelta] = [],
        logProbabilities: [TokenLogProbability] = []
    ) {
        self.choice = choice
        self.text = text
        self.reasoning = reasoning
        self.toolCalls = toolCalls
        self.logProbabilities = logProbabilities
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool {
        text.isEmpty && reasoning.isEmpty && toolCalls.isEmpty && logProbabilities.isEmpty
    }
}

/// The beginning of a function call, or more of its arguments.
public struct ToolCallDelta: Sendable, Hashable, Codable {
    /// Which call of the answer, from 0.
    public var index: Int
    /// The call's id; in its first delta.
    public var id: String?
    /// The function's name; in its first delta.
    public var name: String?
    /// More of the arguments' JSON text.
    public var arguments: String

    /// More of the call `index`.
    public init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// A token and how likely it was.
public struct TokenLogProbability: Sendable, Hashable, Codable {
    /// A token that could have been chosen.
    public struct Candidate: Sendable, Hashable, Codable {
        /// Its id.
        public var token: Int32
        /// Its bytes, which need not be whole UTF-8.
        public var bytes: [UInt8]
        /// Natural logarithm of its probability by the model, before any sampler.
        public var logProbability: Float

        /// A token.
        public init(token: Int32, bytes: [UInt8], logProbability: Float) {
            self.token = token
            self.bytes = bytes
            self.logProbability = logProbability
        }
    }

    /// The token that was chosen.
    public var chosen: Candidate
    /// The likeliest ones, as many as were asked for, likeliest first.
    public var top: [Candidate]

    /// A token and its rivals.
    public init(chosen: Candidate, top: [Candidate]) {
        self.chosen = chosen
        self.top = top
    }
}

/// Why a generation ended.
public enum FinishReason: String, Sendable, Hashable, Codable {
    /// The model's end-of-generation token, or a stop string.
    case stop
    /// `maxTokens` reached, or the context is full.
    case length
    /// The model called functions and waits for their results.
    case toolCalls
}

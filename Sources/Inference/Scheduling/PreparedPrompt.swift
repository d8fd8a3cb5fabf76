/// A request's prompt as the engine computes it, and what its answer must obey. Made off the engine's thread.
struct PreparedPrompt: Sendable {
    /// What is computed, in order; never empty.
    var pieces: [PromptPiece]
    /// Strings that end the answer: the request's and the template's.
    var stops: [String] = []
    /// What the tokens are constrained to; `nil` is nothing.
    var grammar: GrammarRule?
    /// Special tokens that are text in the answer: its parser looks for them.
    var preservedTokens: [Int32] = []
    /// Reads reasoning and tool calls out of the answer; `nil` gives the text as it comes.
    var parser: (any AnswerParser)?
    /// Positions at which messages end, ascending: where other conversations are likely to part from this one.
    var boundaries: [Int] = []

    /// Positions that it takes in the context.
    var positionCount: Int { pieces.reduce(0) { $0 + $1.positionCount } }
}

/// A part of a prompt.
enum PromptPiece: Sendable {
    case tokens([Int32])
    case media(any MediaPiece)

    /// Positions that it takes in the context.
    var positionCount: Int {
        switch self {
        case .tokens(let tokens): tokens.count
        case .media(let media): media.positionCount
        }
    }
}

/// A picture in a prompt. It is computed whole, in a turn of the engine of its own.
protocol MediaPiece: Sendable {
    /// Positions that it takes in the context.
    var positionCount: Int { get }
    /// Cells that it takes in the KV cache.
    var cellCount: Int { get }
    /// The same for the same picture and the same model only: stands for its tokens when prompts are compared.
    var identity: [UInt8] { get }

    /// Computes it into sequence `sequence` of `context`, from `position` on. On the engine's thread.
    ///
    /// Throws `InferenceError`.
    func decode(into context: OpaquePointer, sequence: Int32, position: Int32, batchSize: Int32) throws
}

/// A grammar that the answer follows, from its first token or from a trigger on.
struct GrammarRule: Sendable, Hashable {
    /// What sets a lazy grammar off.
    enum Trigger: Sendable, Hashable {
        case token(Int32)
        case word(String)
        /// A regular expression over all that was generated, from its beginning on.
        case pattern(String)
        /// The same, but the whole text must match.
        case patternFull(String)
    }

    /// GBNF with a rule named `root`.
    var text: String
    /// Whether it waits for one of the triggers.
    var isLazy = false
    var triggers: [Trigger] = []
    /// Special tokens that are text to the grammar and to the parser.
    var preservedTokens: [Int32] = []
    /// What the template wrote at the beginning of the answer, which the grammar has to know.
    var generationPrompt = ""
    /// What the model begins to think with; what it thinks sets nothing off. Empty where it does not think.
    var thinkingStart = ""
    /// What it ends thinking with.
    var thinkingEnds: [String] = []
}

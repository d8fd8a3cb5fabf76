/// What a model is asked to generate, by whom, and until when. A value that can go to another process.
public struct GenerationRequest: Sendable, Hashable, Codable {
    /// What the model is given.
    public enum Prompt: Sendable, Hashable, Codable {
        /// Text as it is; with `addSpecial`, the beginning-of-sequence token and the like where the model wants them.
        case text(String, addSpecial: Bool)
        /// Token ids as they are.
        case tokens([Int32])
        /// A conversation, written by the model's chat template.
        case chat(ChatRequest)
        /// What stands before and after a gap in a file, for models trained to fill it.
        case infill(InfillPrompt)
    }

    /// Who goes first when several wait: within a tenant, and between tenants of equal weight.
    public enum Priority: Int, Sendable, Hashable, Codable, Comparable, CaseIterable {
        /// Work that nobody watches.
        case batch
        /// The default.
        case normal
        /// Somebody waits for each word.
        case interactive

        /// Less urgent first.
        public static func < (a: Priority, b: Priority) -> Bool { a.rawValue < b.rawValue }
    }

    /// What the model is given.
    public var prompt: Prompt
    /// How tokens are chosen, and when it ends.
    public var options: GenerationOptions
    /// Answers to the one prompt, 1…128; their prompt is computed once. Default 1.
    public var choiceCount = 1
    /// On whose behalf. Tenants share the engine by their weights and never each other's cached prompts.
    public var tenant = ""
    /// The tenant's share of the engine relative to others, > 0. Default 1.
    public var tenantWeight = 1.0
    /// Default ``Priority/normal``.
    public var priority = Priority.normal
    /// Longest time from submission to the end; what is not finished then ends with `InferenceError.deadlineExceeded`.
    public var timeLimit: Duration?
    /// Whether computed prompts are taken from the cache and kept in it. Default true.
    public var usesPrefixCache = true
    /// Scales of the LoRA adapters that were loaded with the model, by name; `nil` is 1 for each.
    public var adapterScales: [String: Float]?

    /// A request with the defaults above.
    public init(_ prompt: Prompt, options: GenerationOptions = .init()) {
        self.prompt = prompt
        self.options = options
    }
}

/// A gap in a file, and what is around it.
public struct InfillPrompt: Sendable, Hashable, Codable {
    /// Another file of the same project, for the model to know.
    public struct ExtraFile: Sendable, Hashable, Codable {
        /// Its name, as the model is to read it.
        public var name: String
        /// Its text.
        public var text: String

        /// A file.
        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    /// What stands before the gap.
    public var prefix: String
    /// What stands after it.
    public var suffix: String
    /// Written at the beginning of the gap already.
    public var prompt = ""
    /// Other files.
    public var extra: [ExtraFile] = []

    /// A gap between two texts.
    public init(prefix: String, suffix: String) {
        self.prefix = prefix
        self.suffix = suffix
    }
}

import Roost

/// A setting by the name that Ollama's users and its API give it.
struct GenerationParameter: Sendable {
    /// A parameter's value, as text and as JSON.
    enum Value: Sendable, Hashable, Encodable {
        case number(Float)
        case count(Int)
        case texts([String])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .count(let count): try container.encode(count)
            case .texts(let texts): try container.encode(texts)
            }
        }
    }

    let name: String
    /// What the value is, for help and refusals: `a number`.
    let kind: String
    let help: String
    /// The value; `nil` when the default is chosen by the engine.
    let value: @Sendable (RunSettings) -> Value?
    /// Takes a value; false when the text is not one.
    let set: @Sendable (inout RunSettings, String) -> Bool

    /// All parameters, in the order in which help shows them.
    static let all: [GenerationParameter] = [
        number("temperature", \.temperature, "How random the choice is; 0 always takes the most likely token"),
        count("top_k", \.topK, "Choose among the k most likely tokens; 0 is all"),
        number("top_p", \.topP, "Choose among the tokens that make up this much probability; 1 is all"),
        number("min_p", \.minP, "Choose among tokens this likely, relative to the most likely one; 0 is all"),
        number("typical_p", \.typicalP, "Locally typical sampling; 1 is off"),
        seed,
        maximum,
        number("repeat_penalty", \.repeatPenalty, "Penalty for tokens that occurred; 1 is off"),
        count("repeat_last_n", \.penaltyLastN, "Tokens that penalties look back on; 0 is off, -1 the whole context"),
        number("presence_penalty", \.presencePenalty, "Penalty for having occurred; 0 is off"),
        number("frequency_penalty", \.frequencyPenalty, "Penalty for each earlier occurrence; 0 is off"),
        count("mirostat", \.mirostat, "Mirostat sampling: 0 off, 1 or 2"),
        number("mirostat_tau", \.mirostatTau, "Mirostat's target entropy"),
        number("mirostat_eta", \.mirostatEta, "Mirostat's learning rate"),
        stop,
        contextLength,
        threads,
    ]

    /// The parameter with a name.
    ///
    /// Throws `RunError.unknownParameter`.
    static func named(_ name: String) throws -> GenerationParameter {
        guard let parameter = all.first(where: { $0.name == name }) else {
            throw RunError.unknownParameter(name: name, known: all.map(\.name))
        }
        return parameter
    }

    /// Changes `settings`.
    ///
    /// Throws `RunError.invalidParameter` when the text is not a value; `InferenceError.invalidOption` when it is out
    /// of range.
    func apply(_ text: String, to settings: inout RunSettings) throws {
        var changed = settings
        guard set(&changed, text) else { throw RunError.invalidParameter(name: name, value: text, kind: kind) }
        try changed.generation.validate()
        try changed.load.validate()
        changed.changes.append(RunSettings.Change(name: name, text: text))
        settings = changed
    }

    private static func number(
        _ name: String, _ path: any WritableKeyPath<GenerationOptions, Float> & Sendable, _ help: String
    ) -> GenerationParameter {
        GenerationParameter(
            name: name, kind: "a number", help: help, value: { .number($0.generation[keyPath: path]) },
            set: { settings, text in
                guard let number = Float(text) else { return false }
                settings.generation[keyPath: path] = number
                return true
            })
    }

    private static func count(
        _ name: String, _ path: any WritableKeyPath<GenerationOptions, Int> & Sendable, _ help: String
    ) -> GenerationParameter {
        GenerationParameter(
            name: name, kind: "a whole number", help: help, value: { .count($0.generation[keyPath: path]) },
            set: { settings, text in
                guard let number = Int32(text) else { return false }
                settings.generation[keyPath: path] = Int(number)
                return true
            })
    }

    private static let seed = GenerationParameter(
        name: "seed", kind: "a whole number up to 4294967295, or -1 for a random one",
        help: "The same seed, prompt and settings give the same answer; -1 is random",
        value: { $0.generation.seed.map { .count(Int($0)) } },
        set: { settings, text in
            guard text != "-1" else {
                settings.generation.seed = nil
                return true
            }
            guard let seed = UInt32(text) else { return false }
            settings.generation.seed = seed
            return true
        })

    private static let maximum = GenerationParameter(
        name: "num_predict", kind: "a whole number of 1 or more, or -1 for no limit",
        help: "Most tokens of an answer; -1 is no limit",
        value: { .count($0.generation.maxTokens ?? -1) },
        set: { settings, text in
            guard let count = Int32(text), count >= 1 || count == -1 else { return false }
            settings.generation.maxTokens = count == -1 ? nil : Int(count)
            return true
        })

    private static let stop = GenerationParameter(
        name: "stop", kind: "text", help: "The answer ends before this text; given again it adds another",
        value: { $0.generation.stop.isEmpty ? nil : .texts($0.generation.stop) },
        set: { settings, text in
            settings.generation.stop.append(text)
            return true
        })

    private static let contextLength = GenerationParameter(
        name: "num_ctx", kind: "a whole number of tokens",
        help: "Context length: tokens of conversation and answer together",
        value: { $0.load.contextLength.map { .count($0) } },
        set: { settings, text in
            guard let count = Int32(text) else { return false }
            settings.load.contextLength = Int(count)
            return true
        })

    private static let threads = GenerationParameter(
        name: "num_thread", kind: "a whole number", help: "Threads that compute; by default one per core",
        value: { $0.load.threadCount.map { .count($0) } },
        set: { settings, text in
            guard let count = Int32(text) else { return false }
            settings.load.threadCount = Int(count)
            return true
        })
}

extension GenerationParameter.Value: CustomStringConvertible {
    var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .count(let count): "\(count)"
        case .texts(let texts): texts.map { "\"\($0)\"" }.joined(separator: " ")
        }
    }
}

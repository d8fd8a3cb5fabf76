import Inference

/// What a parameter is set to.
public enum ParameterValue: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case texts([String])
}

/// A parameter that a model can carry and a request can set, by the name that Ollama gives it.
public struct ModelParameter: Sendable {
    /// What values it takes.
    public enum Kind: Sendable, Hashable {
        case integer, number, flag, texts

        /// In words, for refusals.
        public var words: String {
            switch self {
            case .integer: "a whole number"
            case .number: "a number"
            case .flag: "true or false"
            case .texts: "text"
            }
        }
    }

    /// Its name.
    public let name: String
    /// What values it takes.
    public let kind: Kind
    /// Whether it chooses how the model is loaded.
    public var choosesLoading: Bool { load != nil }
    /// Whether it changes anything here; some are known only so that they are taken without a complaint.
    public var hasEffect: Bool { generation != nil || load != nil }

    let generation: Choice?
    let load: (@Sendable (ParameterValue, inout LoadOptions) -> Void)?

    /// A part of how tokens are chosen.
    struct Choice: Sendable {
        let set: @Sendable (ParameterValue, inout GenerationOptions) -> Void
        let isEqual: @Sendable (GenerationOptions, GenerationOptions) -> Bool
    }

    /// All parameters: those of Ollama's documentation, and the ones of older versions that still mean something.
    public static let all: [ModelParameter] = [
        number("temperature", \.temperature),
        // −1 keeps all tokens, as 0 does.
        integer("top_k", \.topK) { max(0, $0) },
        number("top_p", \.topP), number("min_p", \.minP),
        number("typical_p", \.typicalP), integer("repeat_last_n", \.penaltyLastN),
        number("repeat_penalty", \.repeatPenalty), number("presence_penalty", \.presencePenalty),
        number("frequency_penalty", \.frequencyPenalty), integer("mirostat", \.mirostat),
        number("mirostat_tau", \.mirostatTau), number("mirostat_eta", \.mirostatEta),
        integer("num_keep", \.keptTokenCount),
        // A negative seed is another one each time.
        integer("seed", \.seed) { $0 >= 0 ? UInt32(truncatingIfNeeded: $0) : nil },
        integer("num_predict", \.maxTokens) { $0 > 0 ? $0 : nil },
        integer("draft_num_predict", \.allowsSpeculation) { $0 != 0 },
        ModelParameter(
            name: "stop", kind: .texts,
            generation: choice(\.stop) { value in
                guard case .texts(let texts) = value else { return nil }
                return texts.filter { !$0.isEmpty }
            }, load: nil),
        loading("num_ctx") { if $0 > 0 { $1.contextLength = $0 } },
        loading("num_batch") { $1.batchSize = $0 },
        loading("num_gpu") { $1.gpuLayerCount = $0 < 0 ? nil : $0 },
        loading("num_thread") { $1.threadCount = $0 > 0 ? $0 : nil },
        loading("use_mmap", \.memoryMap), loading("use_mlock", \.memoryLock),
        ModelParameter(name: "main_gpu", kind: .integer, generation: nil, load: nil),
        retired("penalize_newline"), retired("low_vram"), retired("f16_kv"), retired("logits_all"),
        retired("vocab_only"),
    ]

    /// All names, in alphabetical order.
    static let names = all.map(\.name).sorted()

    /// The parameter of a name.
    public static func named(_ name: String) -> ModelParameter? { byName[name] }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// How a Modelfile writes yes and no.
    private static let flags = ["true": true, "t": true, "1": true, "false": false, "f": false, "0": false]

    /// Reads a value as a Modelfile writes it; `nil` when it is of another kind.
    func value(_ text: String) -> ParameterValue? {
        switch kind {
        case .integer: Int(text).map { .integer($0) }
        case .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil }
        case .flag: Self.flags[text.lowercased()].map { .flag($0) }
        case .texts: .texts([text])
        }
    }
}

extension ModelParameter {
    /// Sets the options' value at `path` to what `read` makes of the parameter's.
    private static func choice<Value: Equatable & SendableMetatype>(
        _ path: any WritableKeyPath<GenerationOptions, Value> & Sendable,
        _ read: @escaping @Sendable (ParameterValue) -> Value?
    ) -> Choice {
        Choice(
            set: { value, options in
                if let value = read(value) { options[keyPath: path] = value }
            }, isEqual: { $0[keyPath: path] == $1[keyPath: path] })
    }

    private static func number(
        _ name: String, _ path: any WritableKeyPath<GenerationOptions, Float> & Sendable
    ) -> ModelParameter {
        ModelParameter(
            name: name, kind: .number,
            generation: choice(path) { if case .number(let number) = $0 { Float(number) } else { nil } }, load: nil)
    }

    private static func integer(
        _ name: String, _ path: any WritableKeyPath<GenerationOptions, Int> & Sendable
    ) -> ModelParameter {
        integer(name, path) { $0 }
    }

    private static func integer<Value: Equatable & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<GenerationOptions, Value> & Sendable,
        _ convert: @escaping @Sendable (Int) -> Value
    ) -> ModelParameter {
        ModelParameter(
            name: name, kind: .integer,
            generation: choice(path) { if case .integer(let number) = $0 { convert(number) } else { nil } }, load: nil)
    }

    /// What stands in Modelfiles of old and means nothing to Ollama itself any more.
    private static func retired(_ name: String) -> ModelParameter {
        ModelParameter(name: name, kind: .flag, generation: nil, load: nil)
    }

    private static func loading(
        _ name: String, _ set: @escaping @Sendable (Int, inout LoadOptions) -> Void
    ) -> ModelParameter {
        ModelParameter(name: name, kind: .integer, generation: nil) { value, options in
            if case .integer(let number) = value { set(number, &options) }
        }
    }

    private static func loading(
        _ name: String, _ path: any WritableKeyPath<LoadOptions, Bool> & Sendable
    ) -> ModelParameter {
        ModelParameter(name: name, kind: .flag, generation: nil) { value, options in
            if case .flag(let isOn) = value { options[keyPath: path] = isOn }
        }
    }
}

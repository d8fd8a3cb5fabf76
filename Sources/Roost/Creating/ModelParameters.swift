import Foundation
public import Inference

/// Parameters by their names: of a model, as its defaults, or of a request. In JSON, an object such as
/// `{"num_ctx": 8192, "stop": ["<end>"], "temperature": 0.3}`.
public struct ModelParameters: Sendable, Hashable {
    /// What is set.
    public private(set) var values: [String: ParameterValue] = [:]
    /// Names that were given and mean nothing here.
    public private(set) var unknownNames: [String] = []

    /// Nothing is set.
    public init() {}

    /// Whether nothing is set.
    public var isEmpty: Bool { values.isEmpty }
    /// The names that are set.
    public var names: Set<String> { Set(values.keys) }
    /// Whether one of them chooses how the model is loaded.
    public var choosesLoading: Bool { values.keys.contains { ModelParameter.named($0)?.choosesLoading ?? false } }

    /// The value of a parameter.
    public subscript(_ name: String) -> ParameterValue? { values[name] }

    /// These and, for what they do not set, `others`.
    public func over(_ others: ModelParameters) -> ModelParameters {
        var merged = self
        merged.values.merge(others.values) { own, _ in own }
        return merged
    }

    /// Sets a parameter by its text in a Modelfile; one that takes several texts is given another.
    ///
    /// - Throws: ``ModelCreationError/unknownParameter(name:)``, ``ModelCreationError/invalidParameter(name:value:kind:)``.
    public mutating func set(_ name: String, to text: String) throws {
        guard let parameter = ModelParameter.named(name) else { throw ModelCreationError.unknownParameter(name: name) }
        guard let value = parameter.value(text) else {
            throw ModelCreationError.invalidParameter(name: name, value: text, kind: parameter.kind.words)
        }
        if case .texts(let more) = value, case .texts(let present) = values[name] {
            values[name] = .texts(present + more)
        } else {
            values[name] = value
        }
    }

    // MARK: What they do

    /// Changes how tokens are chosen, but for the parameters in `given`.
    public func apply(to options: inout GenerationOptions, except given: Set<String> = []) {
        for (name, value) in values where !given.contains(name) {
            ModelParameter.named(name)?.generation?.set(value, &options)
        }
    }

    /// The names of the parameters in which options differ from others.
    public static func names(in options: GenerationOptions, otherThanIn others: GenerationOptions) -> Set<String> {
        Set(ModelParameter.all.filter { !($0.generation?.isEqual(options, others) ?? true) }.map(\.name))
    }

    /// Changes how the model is loaded.
    public func apply(to options: inout LoadOptions) {
        for (name, value) in values { ModelParameter.named(name)?.load?(value, &options) }
    }

    /// Refuses names that mean nothing and values out of their range.
    ///
    /// - Throws: ``ModelCreationError/unknownParameter(name:)``, `InferenceError.invalidOption`.
    public func validate() throws {
        if let name = unknownNames.first { throw ModelCreationError.unknownParameter(name: name) }
        var generation = GenerationOptions()
        var load = LoadOptions()
        apply(to: &generation)
        apply(to: &load)
        try generation.validate()
        try load.validate()
    }

    // MARK: As text

    /// Each as a name and a text, as a Modelfile has them: sorted, several texts one by one.
    public var lines: [(name: String, text: String)] {
        values.sorted { $0.key < $1.key }.flatMap { name, value in value.texts.map { (name, $0) } }
    }

    /// The parameters of a model that came from elsewhere: what is of another kind or out of range is left out, for a
    /// model that somebody else made is not to fail for it.
    init(lenientlyFrom json: String) {
        guard let object = try? JSONDecoder().decode([String: LenientValue].self, from: Data(json.utf8)) else { return }
        for (name, element) in object {
            guard let kind = ModelParameter.named(name)?.kind, let value = element.value(of: kind) else { continue }
            var single = ModelParameters()
            single.values[name] = value
            guard (try? single.validate()) != nil else { continue }
            values[name] = value
        }
    }
}

extension ParameterValue {
    /// As a Modelfile writes it, one text for each value.
    fileprivate var texts: [String] {
        switch self {
        case .integer(let number): ["\(number)"]
        case .number(let number): [Int(exactly: number).map { "\($0)" } ?? "\(number)"]
        case .flag(let isOn): ["\(isOn)"]
        case .texts(let texts): texts
        }
    }
}

extension ModelParameters: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Decodes an object. Names that mean nothing are kept in ``unknownNames``, `null` sets nothing.
    ///
    /// - Throws: `DecodingError` for a value of another kind.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys {
            guard let parameter = ModelParameter.named(key.stringValue) else {
                unknownNames.append(key.stringValue)
                continue
            }
            guard try !container.decodeNil(forKey: key) else { continue }
            values[parameter.name] =
                switch parameter.kind {
                case .integer: .integer(try container.decode(Int.self, forKey: key))
                case .number: .number(try container.decode(Double.self, forKey: key))
                case .flag: .flag(try container.decode(Bool.self, forKey: key))
                case .texts: .texts(try Self.texts(container, key))
                }
        }
        unknownNames.sort()
    }

    /// One text, or an array of them.
    private static func texts(_ container: KeyedDecodingContainer<Key>, _ key: Key) throws -> [String] {
        if let text = try? container.decode(String.self, forKey: key) { return [text] }
        guard let texts = try? container.decode([String].self, forKey: key) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container, debugDescription: "it must be a string or an array of strings")
        }
        return texts
    }

    /// Encodes what is set.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in values {
            let key = Key(stringValue: name)
            switch value {
            case .integer(let number): try container.encode(number, forKey: key)
            case .number(let number): try container.encode(number, forKey: key)
            case .flag(let isOn): try container.encode(isOn, forKey: key)
            case .texts(let texts): try container.encode(texts, forKey: key)
            }
        }
    }
}

/// A value of any JSON type, read as far as it is one that a parameter has.
private struct LenientValue: Decodable {
    private var integer: Int?
    private var number: Double?
    private var flag: Bool?
    private var texts: [String]?

    init(from decoder: any Decoder) throws {
        guard let container = try? decoder.singleValueContainer() else { return }
        integer = try? container.decode(Int.self)
        number = try? container.decode(Double.self)
        flag = try? container.decode(Bool.self)
        texts = (try? container.decode(String.self)).map { [$0] } ?? (try? container.decode([String].self))
    }

    func value(of kind: ModelParameter.Kind) -> ParameterValue? {
        switch kind {
        case .integer: integer.map { .integer($0) }
        case .number: number.map { .number($0) }
        case .flag: flag.map { .flag($0) }
        case .texts: texts.map { .texts($0) }
        }
    }
}

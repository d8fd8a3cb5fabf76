public import Foundation

/// A model as the engine that has it tells of it. What it does not tell is `nil`.
public struct RemoteModelFacts: Sendable, Hashable {
    /// What a model can be asked to do, by Ollama's names.
    public typealias Ability = String

    /// The engine's name for it.
    public var name: String
    /// Size of its weights in bytes.
    public var byteCount: Int64?
    /// How many weights it has, as the engine writes it: `8.0B`.
    public var parameterSize: String?
    /// The number format of its weights.
    public var quantization: String?
    /// Its family or architecture.
    public var family: String?
    /// The format of its file.
    public var format: String?
    /// Tokens of context.
    public var contextLength: Int?
    /// Values of an embedding.
    public var embeddingLength: Int?
    /// What it can do: `completion`, `tools`, `vision`, `thinking`, `embedding`, `insert`.
    public var abilities: [Ability]?
    /// When it came to be as it is.
    public var modifiedAt: Date?

    /// A model of which only the name is known.
    public init(name: String) { self.name = name }
}

/// A model that clients may ask for and that an engine has.
public struct OfferedModel: Sendable, Hashable {
    /// What clients ask for.
    public var name: String
    /// The engine that is named first for it.
    public var engine: String
    /// Where that engine answers: scheme, host and port.
    public var origin: String
    /// What is known of it there.
    public var facts: RemoteModelFacts
    /// Whether it goes before a stored model of the same name.
    public var isPreferred: Bool

    /// The name that means this engine alone.
    public var fullName: String { engine + "/" + name }

    /// Whether it can do something; `nil` when the engine does not say what it can do.
    public func can(_ ability: RemoteModelFacts.Ability) -> Bool? { facts.abilities.map { $0.contains(ability) } }
}

/// What a file is to its model.
public enum StoreFileRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// The weights, in one file.
    case model
    /// One part of weights in several files.
    case shard
    /// What turns images or sound into the model's vectors (mmproj).
    case projector
    /// A LoRA adapter that is applied to the weights.
    case adapter
    /// A prompt template beside the weights: Jinja, or Ollama's Go template.
    case template
    /// A system prompt.
    case system
    /// Generation parameters, a JSON object.
    case parameters
    /// Messages that begin each conversation, a JSON array.
    case messages
    /// The text of a licence.
    case license

    /// Whether the file is a GGUF file.
    public var isGGUF: Bool {
        switch self {
        case .model, .shard, .projector, .adapter: true
        case .template, .system, .parameters, .messages, .license: false
        }
    }

    /// Whether the file is of the model as it is in memory; the others say how it is talked to.
    public var isLoaded: Bool { isGGUF || self == .template }

    /// Whether the file holds weights of the model itself.
    public var isWeights: Bool { self == .model || self == .shard }
}

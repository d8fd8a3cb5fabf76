import Roost
import Terminal

/// The model of a run: one of the store, or one that an engine beside this Roost has.
enum RunModel: Sendable {
    case stored(ModelRecord)
    case remote(OfferedModel)

    /// Its name, whole and as people write it.
    struct Name: Sendable, Hashable, CustomStringConvertible {
        let description: String
        let display: String
    }

    var name: Name {
        switch self {
        case .stored(let record): Name(description: record.name.description, display: record.name.display)
        case .remote(let model): Name(description: model.name, display: model.name)
        }
    }

    /// Whether it gets messages by a template; engines have one for each of theirs.
    var hasChatTemplate: Bool { record?.hasChatTemplate ?? true }

    /// What the store knows of it; `nil` for an engine's.
    var record: ModelRecord? {
        if case .stored(let record) = self { record } else { nil }
    }

    /// What it is, for `/show info`.
    var facts: [(name: String, value: String)] {
        switch self {
        case .stored(let record): Self.facts(of: record)
        case .remote(let model): Self.facts(of: model)
        }
    }

    private static func facts(of model: OfferedModel) -> [(name: String, value: String)] {
        var facts = [
            ("name", model.name), ("engine", "\(model.engine), \(model.origin)"), ("model there", model.facts.name),
        ]
        if let family = model.facts.family { facts.append(("architecture", family)) }
        if let size = model.facts.parameterSize { facts.append(("parameters", size)) }
        if let quantization = model.facts.quantization { facts.append(("quantization", quantization)) }
        if let length = model.facts.contextLength { facts.append(("context", "\(length) tokens")) }
        if let abilities = model.facts.abilities { facts.append(("can", abilities.joined(separator: ", "))) }
        return facts.map { (name: $0.0, value: $0.1) }
    }

    private static func facts(of model: ModelRecord) -> [(name: String, value: String)] {
        var facts: [(String, String)] = [
            ("name", model.name.description), ("architecture", model.architecture),
            ("parameters", HumanReadable.count(model.parameterCount)), ("quantization", model.quantization),
            ("size", HumanReadable.bytes(model.totalByteCount)),
        ]
        if let title = model.title { facts.insert(("title", title), at: 1) }
        if let length = model.contextLength { facts.append(("context", "\(length) tokens")) }
        if let length = model.embeddingLength { facts.append(("embedding", "\(length)")) }
        facts.append(("can", model.capabilities.map(\.rawValue).joined(separator: ", ")))
        return facts.map { (name: $0.0, value: $0.1) }
    }
}

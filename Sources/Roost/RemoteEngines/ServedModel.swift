public import ModelFormats
public import ModelStore
public import RemoteEngines

/// A model that requests may name: one of the store, or one that an engine beside this Roost has.
public enum ServedModel: Sendable, Hashable {
    /// It is computed here.
    case stored(ModelRecord)
    /// An engine computes it.
    case remote(OfferedModel)

    /// What requests name it by.
    public var name: String {
        switch self {
        case .stored(let record): record.name.description
        case .remote(let model): model.name
        }
    }

    /// Whether it can do something; `nil` when its engine does not tell.
    public func can(_ capability: ModelCapability) -> Bool? {
        switch self {
        case .stored(let record): record.capabilities.contains(capability)
        case .remote(let model): model.can(capability.rawValue)
        }
    }
}

public import Hardware
public import RemoteEngines
public import Workers

/// Something that happens in Roost and that nobody asked for.
public enum RoostEvent: Sendable, Hashable, Codable {
    /// A model could be loaded only after something was given up.
    case loadRetreat(model: String, LoadRetreat)
    /// The machine's health has changed.
    case health(HealthEvent)
    /// An engine beside this Roost came up or went down.
    case engine(EngineChange)
}

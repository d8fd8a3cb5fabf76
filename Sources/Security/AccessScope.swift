/// What a caller may do; a key carries a set of them, and each endpoint of the server asks for one.
public enum AccessScope: String, Sendable, Hashable, Codable, CaseIterable {
    /// Have models answer: chat, completions, embeddings, tokens.
    case infer
    /// See what is there: models, plans, hardware, search, loaded models.
    case read
    /// Bring models in: download, create, copy, import.
    case pull
    /// Remove models.
    case delete
    /// Read the server's metrics.
    case metrics
    /// Everything that concerns the server itself: settings, logs, keys, loading and unloading by hand.
    case admin
}

import Security

/// What ``ModelStore/remove(_:)`` did.
public struct RemovalResult: Sendable, Hashable, Codable {
    /// The name that is gone.
    public let name: ModelName
    /// The content it referred to.
    public let digest: Digest
    /// What told its files from those of other models; see ``ModelRecord/identity``.
    public let identity: Digest
    /// Bytes freed: 0 while other names refer to all of its files. A hard link or clone of the file elsewhere keeps
    /// its blocks in use.
    public let freedByteCount: Int64
}

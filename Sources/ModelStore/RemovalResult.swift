import Security

/// What ``ModelStore/remove(_:)`` did.
public struct RemovalResult: Sendable, Hashable, Codable {
    /// The name that is gone.
    public let name: ModelName
    /// The content it referred to.
    public let digest: Digest
    /// Bytes freed: 0 while another name refers to the same content. A hard link or clone of the file elsewhere keeps
    /// its blocks in use.
    public let freedByteCount: Int64
}

public import Security

/// One file of a model.
public struct ModelFileRecord: Sendable, Hashable, Codable {
    /// What it is to the model.
    public let role: StoreFileRole
    /// Its name at the source, for showing only: no path is ever made from it.
    public let name: String
    /// SHA-256 of its content.
    public let digest: Digest
    /// Its size in bytes.
    public let byteCount: Int64
    /// The URL or path that it came from.
    public let source: String?
    /// Where the store keeps it.
    public let path: String
    /// Whether the last look at its content found it damaged; it is not loaded until it was fetched again.
    public let isDamaged: Bool
}

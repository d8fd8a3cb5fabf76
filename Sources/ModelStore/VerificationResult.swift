import Security

/// What ``ModelStore/verify(_:progress:)`` found.
public struct VerificationResult: Sendable, Hashable, Codable {
    /// The state of a model's file.
    public enum Outcome: Sendable, Hashable, Codable {
        /// The content is what was imported.
        case intact
        /// The content differs: its digest and size now.
        case damaged(found: Digest, byteCount: Int64)
        /// There is no file.
        case missing
    }

    /// The model that was verified.
    public let name: ModelName
    /// The digest it was imported with.
    public let expected: Digest
    /// The size it was imported with, in bytes.
    public let byteCount: Int64
    /// What was found.
    public let outcome: Outcome

    /// Whether the file is there with the content that was imported.
    public var isIntact: Bool { outcome == .intact }
}

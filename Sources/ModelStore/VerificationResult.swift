public import Security

/// What ``ModelStore/verify(_:progress:)`` found.
public struct VerificationResult: Sendable, Hashable, Codable {
    /// The state of a file.
    public enum Outcome: Sendable, Hashable, Codable {
        /// The content is what was imported.
        case intact
        /// The content differs: its digest and size now.
        case damaged(found: Digest, byteCount: Int64)
        /// There is no file.
        case missing
        /// The model folder that it is in is not there.
        case unavailable(folder: String)
    }

    /// The model that was verified.
    public let name: ModelName
    /// The digest of its first file of weights, as it was imported.
    public let expected: Digest
    /// The size of its weights as they were imported, in bytes.
    public let byteCount: Int64
    /// What was found of each file.
    public let files: [FileVerification]

    /// The state of the first file that is not intact, if there is one.
    public var outcome: Outcome { files.first { $0.outcome != .intact }?.outcome ?? .intact }

    /// Whether all files are there with the content that was imported.
    public var isIntact: Bool { outcome == .intact }
}

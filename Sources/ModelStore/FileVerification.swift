public import Security

/// What a verification found of one file.
public struct FileVerification: Sendable, Hashable, Codable {
    /// What the file is to its model.
    public let role: StoreFileRole
    /// Its name at the source.
    public let name: String
    /// The digest that its content must have.
    public let expected: Digest
    /// The size that it must have, in bytes.
    public let byteCount: Int64
    /// What was found.
    public let outcome: VerificationResult.Outcome
    /// Where its content differs, in bytes from its start, as exactly as the recorded checksums of its pieces tell;
    /// empty when it is intact or when no checksums are recorded. Bytes behind the end of the content are not named.
    public let damagedRanges: [Range<Int64>]
}

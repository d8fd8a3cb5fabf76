import Crypto

/// SHA-256 of content that arrives in pieces.
///
/// ```swift
/// var hash = ContentHash()
/// hash.update(firstPiece)
/// hash.update(secondPiece)
/// let digest = hash.finish()
/// ```
public struct ContentHash: Sendable {
    private var state = SHA256()

    /// A hash of nothing yet.
    public init() {}

    /// Adds the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    /// Adds the next bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
    }

    /// The digest of everything added so far; more may be added afterwards.
    public func finish() -> Digest {
        let finished = state.finalize()
        return finished.withUnsafeBytes { Digest(sha256: $0) }
    }
}

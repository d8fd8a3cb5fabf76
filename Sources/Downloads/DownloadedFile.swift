import Foundation
import Security

/// A file that is complete, verified and durable on the disk.
public struct DownloadedFile: Hashable, Sendable {
    /// Where it is.
    public let url: URL
    /// The SHA-256 of its content, as read back from the disk.
    public let digest: Digest
    /// Its size in bytes.
    public let byteCount: Int64
    /// Bytes that came over the network for it in this run: 0 when it was there already.
    public let fetchedByteCount: Int64
    /// The checksums of its pieces, for finding damage later; `nil` when the file was there already or another process
    /// fetched it.
    public let pieces: PieceChecksums?
}

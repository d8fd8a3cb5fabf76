/// A checksum for each piece of a content: tells which bytes are damaged when the whole no longer has its digest.
public struct PieceChecksums: Hashable, Sendable, Codable {
    /// Bytes of a piece; the last one may be shorter. At least 1.
    public let pieceByteCount: Int
    /// ``XXHash64`` of each piece, in order.
    public let values: [UInt64]

    /// The checksums of a content that was cut in pieces of `pieceByteCount`.
    public init(pieceByteCount: Int, values: [UInt64]) {
        self.pieceByteCount = max(1, pieceByteCount)
        self.values = values
    }

    /// Where in the content the piece lies, in bytes; shorter at the end of a content of `byteCount` bytes.
    public func range(ofPiece index: Int, byteCount: Int64) -> Range<Int64> {
        let start = min(Int64(index) * Int64(pieceByteCount), byteCount)
        return start..<min(start + Int64(pieceByteCount), byteCount)
    }
}

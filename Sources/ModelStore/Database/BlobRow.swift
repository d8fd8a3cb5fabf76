import Foundation
import GRDB
import Security

/// A row of `blob`: one content.
struct BlobRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "blob"

    var digest: Digest
    var byteCount: Int64
    /// The model folder that it is in.
    var folder: Int64
    /// The file's modification time when its content was last known to be right, nanoseconds since 1970.
    var fileModifiedAt: Int64
    var createdAt: Date
    var lastVerifiedAt: Date?
    /// When its content was found to be other than it should be.
    var damagedAt: Date?
    var pieceByteCount: Int?
    /// A checksum of 8 bytes, little endian, for each piece.
    var pieces: Data?

    /// Whether a file with this status is, as far as can be told without reading it, the content.
    func matches(_ status: FileStatus) -> Bool {
        status.kind == .file && status.byteCount == byteCount && status.modifiedAt == fileModifiedAt
            && damagedAt == nil
    }

    /// Whether this is the file that was found to be damaged, unchanged since.
    func isDamaged(_ status: FileStatus) -> Bool { damagedAt != nil && status.modifiedAt == fileModifiedAt }

    /// Notes that the file was found with other content.
    mutating func noteDamage(_ status: FileStatus, at time: Date) {
        fileModifiedAt = status.modifiedAt
        damagedAt = time
    }

    /// The checksums of its pieces; `nil` when none are recorded or they do not fit its size.
    var checksums: PieceChecksums? {
        get {
            guard let pieceByteCount, pieceByteCount > 0, let pieces,
                Int64(pieces.count) == (byteCount + Int64(pieceByteCount) - 1) / Int64(pieceByteCount) * 8
            else { return nil }
            let values = pieces.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 8).map {
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                }
            }
            return PieceChecksums(pieceByteCount: pieceByteCount, values: values)
        }
        set {
            pieceByteCount = newValue?.pieceByteCount
            pieces = newValue.map { checksums in
                var data = Data(capacity: checksums.values.count * 8)
                for value in checksums.values {
                    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
                }
                return data
            }
        }
    }

    /// Notes that the file was found with this content.
    mutating func noteIntact(_ status: FileStatus, _ checksums: PieceChecksums?, at time: Date) {
        fileModifiedAt = status.modifiedAt
        lastVerifiedAt = time
        damagedAt = nil
        if let checksums { self.checksums = checksums }
    }
}

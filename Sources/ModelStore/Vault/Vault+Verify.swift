import Foundation
import GRDB
import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Vault {
    /// Hashes the files of a model again.
    func verify(
        _ record: ModelRecord, cancellation: Cancellation, progress: @escaping @Sendable (ImportProgress) -> Void
    ) throws -> VerificationResult {
        let meter = TransferMeter(total: record.totalByteCount, progress: progress)
        let files = try record.files.map { file in
            let report = meter.next(byteCount: file.byteCount)
            return try verify(file, ContentReading(cancellation: cancellation, progress: report))
        }
        return VerificationResult(
            name: record.name, expected: record.digest, byteCount: record.byteCount, files: files)
    }

    /// Hashes one file again and notes what was found.
    func verify(_ file: ModelFileRecord, _ reading: ContentReading) throws -> FileVerification {
        func result(_ outcome: VerificationResult.Outcome, _ ranges: [Range<Int64>] = []) -> FileVerification {
            FileVerification(
                role: file.role, name: file.name, expected: file.digest, byteCount: file.byteCount, outcome: outcome,
                damagedRanges: ranges)
        }
        guard let blob = try database.readBlocking({ try $0.blob(file.digest) }),
            let folder = try folders()[blob.folder]
        else { return result(.missing) }
        guard try folder.isAvailable() else { return result(.unavailable(folder: folder.base.path)) }
        let path = folder.blob(file.digest).path
        guard let before = try status(of: file.digest, in: folder) else { return result(.missing) }
        let checksums = blob.checksums
        let content: ContentReading.Content
        do {
            content = try reading.hash(path, pieceByteCount: checksums?.pieceByteCount)
        } catch ModelStoreError.io(_, _, ENOENT) {
            return result(.missing)
        }
        guard let after = try status(of: file.digest, in: folder), after.isSameContent(as: before) else {
            // Another process may have put a sound file in its place, or moved it to another folder.
            throw ModelStoreError.sourceChanged(path: path)
        }
        let isIntact = content.digest == file.digest
        try database.writeBlocking { db in
            guard var blob = try db.blob(file.digest), blob.folder == folder.id else { return }
            if isIntact {
                blob.noteIntact(after, content.pieces, at: now())
            } else {
                blob.noteDamage(after, at: now())
            }
            try blob.update(db)
        }
        if isIntact { return result(.intact) }
        let ranges = checksums.map { $0.differences(from: content.pieces, byteCount: file.byteCount) } ?? []
        return result(.damaged(found: content.digest, byteCount: before.byteCount), ranges)
    }
}

extension PieceChecksums {
    /// Where a content of `byteCount` bytes differs from what `other` was computed of, neighbouring pieces joined.
    func differences(from other: PieceChecksums, byteCount: Int64) -> [Range<Int64>] {
        guard other.pieceByteCount == pieceByteCount else { return [] }
        var ranges: [Range<Int64>] = []
        for (index, value) in values.enumerated() where index >= other.values.count || other.values[index] != value {
            let range = range(ofPiece: index, byteCount: byteCount)
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        return ranges
    }
}

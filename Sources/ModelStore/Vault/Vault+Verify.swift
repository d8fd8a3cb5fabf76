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
    /// Hashes a content's file again.
    func verify(
        _ record: ModelRecord, cancellation: Cancellation, progress: @Sendable (ImportProgress) -> Void
    ) throws -> VerificationResult {
        func result(_ outcome: VerificationResult.Outcome) -> VerificationResult {
            VerificationResult(
                name: record.name, expected: record.digest, byteCount: record.byteCount, outcome: outcome)
        }
        let path = layout.blob(record.digest).path
        guard let before = try status(of: record.digest) else { return result(.missing) }
        let found: Digest
        do {
            found = try ContentTransfer.hash(path, phase: .hashing, cancellation: cancellation, progress: progress)
        } catch ModelStoreError.io(_, _, ENOENT) {
            return result(.missing)
        }
        guard found == record.digest else { return result(.damaged(found: found, byteCount: before.byteCount)) }
        guard let after = try status(of: record.digest), after.isSameContent(as: before) else {
            throw ModelStoreError.sourceChanged(path: path)
        }
        try database.writeBlocking { db in
            guard var blob = try db.blob(record.digest) else { return }
            blob.fileModifiedAt = after.modifiedAt
            blob.lastVerifiedAt = now()
            try blob.update(db)
        }
        return result(.intact)
    }
}

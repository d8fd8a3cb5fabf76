import GRDB
import Security

extension Vault {
    /// Removes a name, and its content when no other name refers to it.
    func remove(_ name: ModelName, _ cancellation: Cancellation) throws -> RemovalResult {
        try lock.withLock(cancellation) {
            let (row, released, byteCount) = try database.writeBlocking { db in
                let row = try db.row(of: name)
                let byteCount = try db.blob(row.digest)?.byteCount ?? 0
                try row.delete(db)
                return (row, try db.releaseIfUnused(row.digest), byteCount)
            }
            observe(.removalCommitted)
            guard released else { return RemovalResult(name: row.name, digest: row.digest, freedByteCount: 0) }
            try settleRemoval(of: row.digest, unlinked: .contentUnlinked, settled: .removalSettled)
            return RemovalResult(name: row.name, digest: row.digest, freedByteCount: byteCount)
        }
    }
}

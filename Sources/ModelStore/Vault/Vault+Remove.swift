import GRDB
import Security

extension Vault {
    /// Removes a name, and the contents that no other name refers to.
    func remove(_ name: ModelName, _ cancellation: Cancellation) throws -> RemovalResult {
        try lock.withLock(cancellation) {
            let (row, released) = try database.writeBlocking { db in
                let row = try db.row(of: name)
                let files = try db.files(of: row.key).map(\.digest)
                try row.delete(db)
                return (row, try db.releaseUnused(files))
            }
            observe(.removalCommitted)
            try settleRemoval(of: released, unlinked: .contentUnlinked, settled: .removalSettled)
            return RemovalResult(
                name: row.name, digest: row.digest, identity: row.identity,
                freedByteCount: released.reduce(0) { $0 + $1.byteCount })
        }
    }
}

import Foundation
import Security

/// Blobs and database together: every change that touches both, in an order that a kill at any moment cannot spoil.
///
/// The rule: a row in `blob` promises a file. A file enters before its row and leaves after it; in between its digest
/// stands in `unsettled`, so that the next start knows what to clear away and never removes a file that it cannot
/// account for. All methods block; those that change files hold the store's lock.
struct Vault: Sendable {
    let layout: StoreLayout
    let lock: StoreLock
    let database: StoreDatabase
    /// The time.
    let now: @Sendable () -> Date
    /// Told of each step, after it.
    let observe: @Sendable (StoreStep) -> Void

    /// Creates what is missing, opens the database and clears away what dead processes left.
    init(
        root: URL, now: @escaping @Sendable () -> Date, observe: @escaping @Sendable (StoreStep) -> Void,
        cancellation: Cancellation
    ) throws {
        layout = StoreLayout(root: root)
        try layout.create()
        lock = StoreLock(path: layout.lock.path)
        self.now = now
        self.observe = observe
        let url = layout.database
        database = try lock.withLock(cancellation) { try StoreDatabase(at: url) }
        try lock.withLock(cancellation) { try recover() }
    }

    /// The status of a content's file; `nil` when it is gone.
    func status(of digest: Digest) throws -> FileStatus? {
        try FileSystem.status(of: layout.blob(digest).path, followingLinks: false)
    }

    /// Unlinks the file of a content without a row and notes that this is done. Call it under the lock.
    func settleRemoval(of digest: Digest, unlinked step: StoreStep, settled: StoreStep) throws {
        if try FileSystem.unlinkFile(layout.blob(digest).path) {
            try FileSystem.synchronizeFolder(layout.blobs.path)
        }
        observe(step)
        try database.writeBlocking { try $0.markSettled(digest) }
        observe(settled)
    }
}

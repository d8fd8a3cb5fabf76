import Foundation
import GRDB
import Security

/// Blobs and database together: every change that touches both, in an order that a kill at any moment cannot spoil.
///
/// The rule: a row in `blob` promises a file. A file enters before its row and leaves after it; in between its digest
/// and folder stand in `unsettled`, so that the next start knows what to clear away and never removes a file that it
/// cannot account for. All methods block; those that change files hold the store's lock.
struct Vault: Sendable {
    let layout: StoreLayout
    let lock: StoreLock
    let database: StoreDatabase
    /// The time.
    let now: @Sendable () -> Date
    /// Told of each step, after it.
    let observe: @Sendable (StoreStep) -> Void
    /// The model folder that this process was given for new content; else it is the database's default.
    private(set) var preferredFolder: Int64?

    var root: URL { layout.root }

    /// Creates what is missing, opens the database and clears away what dead processes left.
    init(
        root: URL, modelFolders: [URL], now: @escaping @Sendable () -> Date,
        observe: @escaping @Sendable (StoreStep) -> Void, cancellation: Cancellation
    ) throws {
        layout = StoreLayout(root: root)
        try layout.create()
        lock = StoreLock(path: layout.lock.path)
        self.now = now
        self.observe = observe
        let url = layout.database
        database = try lock.withLock(cancellation) { try StoreDatabase(at: url) }
        preferredFolder = nil
        if !modelFolders.isEmpty {
            preferredFolder = try lock.withLock(cancellation) { try addFolders(modelFolders) }
        }
        try lock.withLock(cancellation) { try recover() }
    }

    /// The status of a content's file; `nil` when it is gone.
    func status(of digest: Digest, in folder: FolderLayout) throws -> FileStatus? {
        try FileSystem.status(of: folder.blob(digest).path, followingLinks: false)
    }

    /// Unlinks the files of contents without a row and notes that this is done. Call it under the lock.
    func settleRemoval(of blobs: [BlobRow], unlinked step: StoreStep, settled: StoreStep) throws {
        guard !blobs.isEmpty else { return }
        try settleFolders(blobs.map { ($0.digest, $0.folder) }) { observe(step) }
        observe(settled)
    }

    /// Removes files that the database no longer places in their folder. What is in a folder that is not there stays
    /// unsettled until it is there again.
    func settleFolders(_ unsettled: [(digest: Digest, folder: Int64)], unlinked: () -> Void = {}) throws {
        let folders = try folders()
        var settled: [(digest: Digest, folder: Int64)] = []
        var changed: Set<FolderLayout> = []
        for (digest, id) in unsettled {
            guard let folder = folders[id], try folder.isAvailable() else { continue }
            if try database.readBlocking({ try $0.blob(digest) })?.folder != id,
                try FileSystem.unlinkFile(folder.blob(digest).path)
            {
                changed.insert(folder)
            }
            settled.append((digest, id))
        }
        for folder in changed { try FileSystem.synchronizeFolder(folder.blobs.path) }
        unlinked()
        let done = settled
        try database.writeBlocking { db in
            for (digest, folder) in done { try db.markSettled(digest, in: folder) }
        }
    }
}

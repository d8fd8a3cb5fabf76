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

/// Moves one content to another model folder: a second name first, then the database, then the first name goes.
struct ContentMove: Sendable {
    /// The content at its new place, or ready to be put there.
    struct Arrival: Sendable {
        let isCopy: Bool
        /// The old file when the content was taken from it.
        let source: FileStatus
        let pieces: PieceChecksums?
    }

    let blob: BlobRow
    let target: FolderLayout
    /// Where the content waits in the target's workspace.
    let content: String
    let vault: Vault

    /// Brings the content beside the target's blobs, by a hard link or as a copy that was hashed; without the store's
    /// lock. `nil` when the content is gone or damaged: it stays where it is.
    func prepare(
        _ cancellation: Cancellation, progress: @escaping @Sendable (ImportProgress) -> Void
    ) throws -> Arrival? {
        guard let folder = try vault.folders()[blob.folder], try folder.isAvailable(),
            let status = try vault.status(of: blob.digest, in: folder)
        else { return nil }
        let path = folder.blob(blob.digest).path
        let copy: ContentTransfer.Result
        do {
            if try FileSystem.hardLink(path, to: content) {
                return Arrival(isCopy: false, source: status, pieces: nil)
            }
            copy = try ContentTransfer(
                source: path, target: content, linking: .copy, cancellation: cancellation, progress: progress
            ).run()
        } catch ModelStoreError.io(let place, let operation, ENOENT) {
            // Another process may have moved it since it was looked at.
            guard try vault.status(of: blob.digest, in: folder) != nil else { return nil }
            throw ModelStoreError.io(path: place, operation: operation, errno: ENOENT)
        }
        guard copy.content.digest == blob.digest else {
            try FileSystem.unlinkFile(content)
            try vault.noteDamage(blob.digest, status)
            return nil
        }
        return Arrival(isCopy: true, source: status, pieces: copy.content.pieces)
    }

    /// Makes the target the content's place. `false` when another process has changed its place or its file meanwhile.
    func commit(_ arrival: Arrival, _ cancellation: Cancellation) throws -> Bool {
        try vault.lock.withLock(cancellation) {
            guard let now = try vault.database.readBlocking({ try $0.blob(blob.digest) }), now.folder == blob.folder,
                let folder = try vault.folders()[now.folder],
                let old = try vault.status(of: blob.digest, in: folder), old.isSameContent(as: arrival.source)
            else {
                try FileSystem.unlinkFile(content)
                return false
            }
            try vault.database.writeBlocking { try $0.markUnsettled(blob.digest, in: target.id) }
            vault.observe(.moveIntentRecorded)
            let place = target.blob(blob.digest).path
            try FileSystem.rename(content, to: place)
            try FileSystem.unlinkFile(content)
            try FileSystem.synchronizeFolder(target.blobs.path)
            vault.observe(.movedContentPlaced)
            guard let status = try vault.status(of: blob.digest, in: target) else { return false }
            try vault.database.writeBlocking { db in
                guard var row = try db.blob(blob.digest) else { return }
                row.folder = target.id
                if arrival.isCopy {
                    row.noteIntact(status, arrival.pieces, at: vault.now())
                }
                try row.update(db)
                try db.markSettled(blob.digest, in: target.id)
                try db.markUnsettled(blob.digest, in: blob.folder)
            }
            vault.observe(.moveCommitted)
            try vault.settleFolders([(blob.digest, blob.folder)]) { vault.observe(.movedContentUnlinked) }
            vault.observe(.moveSettled)
            return true
        }
    }
}

import Foundation
import GRDB
import Security

extension Vault {
    /// Compares the files with the database. Under the lock, so that no change of another process is seen half done.
    func check(_ cancellation: Cancellation) throws -> StoreCheck {
        try lock.withLock(cancellation) {
            let (blobs, names, modelCount, problems) = try database.readBlocking { db in
                let blobs = try db.blobsWithoutPieces().values.sorted { $0.digest < $1.digest }
                return (blobs, try db.namesByDigest(), try ModelRow.fetchCount(db), try db.integrityProblems())
            }
            let folders = try folders()
            let present = try folders.all.filter { try $0.isAvailable() }
            let presentIDs = Set(present.map(\.id))
            var missing: [StoreCheck.DamagedBlob] = []
            var changed: [StoreCheck.DamagedBlob] = []
            for blob in blobs where presentIDs.contains(blob.folder) {
                guard let folder = folders[blob.folder] else { continue }
                let damaged = StoreCheck.DamagedBlob(
                    digest: blob.digest, names: names[blob.digest] ?? [], path: folder.blob(blob.digest).path)
                guard let status = try status(of: blob.digest, in: folder) else {
                    missing.append(damaged)
                    continue
                }
                if !blob.matches(status) { changed.append(damaged) }
            }
            let strangers = try strangers(in: present, blobs)
            let workspaces = try present.flatMap { try ImportWorkspace.all(in: $0.partial) }
            let running = try workspaces.count(where: ImportWorkspace.isAlive)
            return StoreCheck(
                modelCount: modelCount, blobCount: blobs.count,
                blobByteCount: blobs.reduce(0) { $0 + $1.byteCount }, missing: missing, changed: changed,
                orphans: strangers.orphans, orphanByteCount: strangers.orphanByteCount, foreign: strangers.foreign,
                abandonedImportCount: workspaces.count - running, runningImportCount: running,
                unavailableFolders: folders.all.filter { !presentIDs.contains($0.id) }.map(\.base),
                databaseProblems: problems, loosePermissions: try loosePermissions(in: present),
                freeByteCount: try FileSystem.freeByteCount(at: layout.root.path))
        }
    }

    /// Files in the blob folders that the database does not place there.
    func strangers(
        in present: [FolderLayout], _ blobs: [BlobRow]
    ) throws -> (orphans: [URL], orphanByteCount: Int64, foreign: [URL]) {
        let folderOf = Dictionary(blobs.map { ($0.digest, $0.folder) }, uniquingKeysWith: { first, _ in first })
        var orphans: [URL] = []
        var foreign: [URL] = []
        var byteCount: Int64 = 0
        for folder in present {
            for name in try FileSystem.names(in: folder.blobs.path) {
                let url = folder.blobs.appendingPathComponent(name, isDirectory: false)
                guard let digest = FolderLayout.digest(ofFileNamed: name) else {
                    foreign.append(url)
                    continue
                }
                guard folderOf[digest] != folder.id else { continue }
                orphans.append(url)
                byteCount += try FileSystem.status(of: url.path, followingLinks: false)?.byteCount ?? 0
            }
        }
        return (orphans, byteCount, foreign)
    }

    private func loosePermissions(in present: [FolderLayout]) throws -> [StoreCheck.LoosePermission] {
        let folders = present.flatMap(\.owned).map { ($0.path, UInt16(0o700)) }
        let files = ["", "-wal", "-shm"].map { (layout.database.path + $0, UInt16(0o600)) }
        return try (folders + files + [(layout.lock.path, 0o600)]).compactMap { path, allowed in
            guard let mode = try FileSystem.status(of: path)?.mode, mode & ~allowed != 0 else { return nil }
            return StoreCheck.LoosePermission(path: path, mode: mode, allowed: allowed)
        }
    }
}

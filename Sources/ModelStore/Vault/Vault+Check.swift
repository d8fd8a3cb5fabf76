import Foundation
import GRDB
import Security

extension Vault {
    /// Compares the files with the database. Under the lock, so that no change of another process is seen half done.
    func check(_ cancellation: Cancellation) throws -> StoreCheck {
        try lock.withLock(cancellation) {
            let (blobs, names, problems) = try database.readBlocking { db in
                (try BlobRow.fetchAll(db), try ModelRow.fetchAll(db), try db.integrityProblems())
            }
            let namesByDigest = Dictionary(grouping: names, by: \.digest)
            var missing: [StoreCheck.DamagedBlob] = []
            var changed: [StoreCheck.DamagedBlob] = []
            for blob in blobs {
                let damaged = StoreCheck.DamagedBlob(
                    digest: blob.digest, names: (namesByDigest[blob.digest] ?? []).map(\.name).sorted(),
                    path: layout.blob(blob.digest).path)
                guard let status = try status(of: blob.digest) else {
                    missing.append(damaged)
                    continue
                }
                if !blob.matches(status) { changed.append(damaged) }
            }
            let strangers = try strangers(knowing: Set(blobs.map(\.digest)))
            let workspaces = try ImportWorkspace.all(in: layout.partial)
            let running = try workspaces.count(where: ImportWorkspace.isAlive)
            return StoreCheck(
                modelCount: names.count, blobCount: blobs.count,
                blobByteCount: blobs.reduce(0) { $0 + $1.byteCount }, missing: missing, changed: changed,
                orphans: strangers.orphans, orphanByteCount: strangers.orphanByteCount, foreign: strangers.foreign,
                abandonedImportCount: workspaces.count - running, runningImportCount: running,
                databaseProblems: problems, loosePermissions: try loosePermissions(),
                freeByteCount: try FileSystem.freeByteCount(at: layout.root.path))
        }
    }

    private func strangers(
        knowing known: Set<Digest>
    ) throws -> (orphans: [URL], orphanByteCount: Int64, foreign: [URL]) {
        var orphans: [URL] = []
        var foreign: [URL] = []
        var byteCount: Int64 = 0
        for name in try FileSystem.names(in: layout.blobs.path) {
            let url = layout.blobs.appendingPathComponent(name, isDirectory: false)
            guard let digest = StoreLayout.digest(ofFileNamed: name) else {
                foreign.append(url)
                continue
            }
            guard !known.contains(digest) else { continue }
            orphans.append(url)
            byteCount += try FileSystem.status(of: url.path, followingLinks: false)?.byteCount ?? 0
        }
        return (orphans, byteCount, foreign)
    }

    private func loosePermissions() throws -> [StoreCheck.LoosePermission] {
        let folders = [layout.root, layout.blobs, layout.partial].map { ($0.path, UInt16(0o700)) }
        let files = ["", "-wal", "-shm"].map { (layout.database.path + $0, UInt16(0o600)) }
        return try (folders + files + [(layout.lock.path, 0o600)]).compactMap { path, allowed in
            guard let mode = try FileSystem.status(of: path)?.mode, mode & ~allowed != 0 else { return nil }
            return StoreCheck.LoosePermission(path: path, mode: mode, allowed: allowed)
        }
    }
}

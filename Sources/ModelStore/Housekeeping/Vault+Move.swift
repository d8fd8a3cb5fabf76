import Foundation
import GRDB
import Security

extension Vault {
    /// Makes `target` the model folder that new content goes to, and a workspace in it.
    func beginMove(to target: URL, _ cancellation: Cancellation) throws -> (FolderLayout, ImportWorkspace) {
        try lock.withLock(cancellation) {
            let id = try addFolder(target)
            guard let folder = try folders()[id], try folder.isAvailable() else {
                throw ModelStoreError.folderUnavailable(path: target.path, model: nil)
            }
            let workspace = try ImportWorkspace(in: folder.partial)
            try database.writeBlocking { db in
                try db.execute(sql: "UPDATE folder SET isDefault = (id = ?)", arguments: [id])
            }
            return (folder, workspace)
        }
    }

    /// The contents that are in other folders than this one, of folders that are there.
    func contents(outside folder: FolderLayout?) throws -> [BlobRow] {
        let present = Set(try folders().all.filter { try $0.isAvailable() }.map(\.id))
        return try database.readBlocking { try $0.blobsWithoutPieces() }.values
            .filter { $0.folder != folder?.id && present.contains($0.folder) }
            .sorted { $0.digest < $1.digest }
    }

    /// The models that have a content in another folder than this one.
    func models(outside folder: FolderLayout) throws -> [ModelName] {
        try database.readBlocking { db in
            let names = try db.namesByDigest()
            let left = try db.blobsWithoutPieces().values.filter { $0.folder != folder.id }
            return Set(left.flatMap { names[$0.digest] ?? [] }).sorted()
        }
    }

    /// Notes that a content was found to be other than it should be.
    func noteDamage(_ digest: Digest, _ status: FileStatus) throws {
        try database.writeBlocking { db in
            guard var blob = try db.blob(digest) else { return }
            blob.noteDamage(status, at: now())
            try blob.update(db)
        }
    }
}

import Foundation
import GRDB
import Security

extension Vault {
    /// What an import wants to enter.
    struct Entry: Sendable {
        let name: ModelName
        let source: String
        let shownPath: String
        let isReplacing: Bool
        let facts: ModelFacts
        let content: ContentTransfer.Result
    }

    func createWorkspace(_ cancellation: Cancellation) throws -> ImportWorkspace {
        let workspace = try lock.withLock(cancellation) { try ImportWorkspace(in: layout.partial) }
        observe(.workspaceCreated)
        return workspace
    }

    func remove(_ workspace: ImportWorkspace) throws {
        try lock.withLock { try workspace.remove() }
        observe(.workspaceRemoved)
    }

    /// Moves a workspace's content among the blobs and gives it its name.
    func commit(_ workspace: ImportWorkspace, _ entry: Entry, _ cancellation: Cancellation) throws -> ModelRecord {
        try lock.withLock(cancellation) {
            try cancellation.check()
            let digest = entry.content.digest
            if !entry.isReplacing {
                try database.readBlocking { try $0.requireFree(entry.name, for: digest) }
            }
            let status = try placeContent(workspace, entry)
            let (record, released) = try database.writeBlocking { db in
                if !entry.isReplacing { try db.requireFree(entry.name, for: digest) }
                let now = now()
                if var blob = try db.blob(digest) {
                    blob.fileModifiedAt = status.modifiedAt
                    blob.lastVerifiedAt = now
                    try blob.update(db)
                } else {
                    try BlobRow(digest: digest, facts: entry.facts, status: status, at: now).insert(db)
                }
                let replaced = try db.rowIfPresent(of: entry.name)
                if var row = replaced, row.digest == digest {
                    row.source = entry.source
                    try row.update(db)
                } else {
                    try db.enter(
                        ModelRow(name: entry.name, digest: digest, source: entry.source, modifiedAt: now),
                        replacing: replaced)
                }
                try db.markSettled(digest)
                let released = try replaced.flatMap { try db.releaseIfUnused($0.digest) ? $0.digest : nil }
                return (try db.model(entry.name), released)
            }
            observe(.importCommitted)
            if let released {
                try settleRemoval(of: released, unlinked: .replacedContentUnlinked, settled: .importSettled)
            }
            return record
        }
    }

    /// Makes sure that the blob's file is there and right, and gives its status.
    private func placeContent(_ workspace: ImportWorkspace, _ entry: Entry) throws -> FileStatus {
        let digest = entry.content.digest
        let content = workspace.content.path
        guard let arrived = try FileSystem.status(of: content), arrived.isSameContent(as: entry.content.status) else {
            // A hard link's source was written to after it was hashed.
            throw ModelStoreError.sourceChanged(path: entry.shownPath)
        }
        if let known = try database.readBlocking({ try $0.blob(digest) }) {
            // The content is here already. A file that is not as recorded makes way for the one that was just hashed.
            if let present = try status(of: digest), known.matches(present) { return present }
        } else {
            try database.writeBlocking { try $0.markUnsettled(digest) }
            observe(.intentRecorded)
        }
        try FileSystem.rename(content, to: layout.blob(digest).path)
        // Renaming one name of a file to another name of the same file does nothing at all.
        try FileSystem.unlinkFile(content)
        try FileSystem.synchronizeFolder(layout.blobs.path)
        observe(.contentRenamed)
        return arrived
    }
}

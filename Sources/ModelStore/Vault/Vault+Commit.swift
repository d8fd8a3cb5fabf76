import Foundation
import GRDB
import Security

extension Vault {
    /// What an intake wants to enter.
    struct Entry: Sendable {
        let name: ModelName
        let source: String
        let provenance: Provenance?
        let isReplacing: Bool
        let facts: ModelFacts
        /// Weights first, parts in order.
        let files: [ArrivedFile]

        /// The first file of weights.
        var digest: Digest? { files.first { $0.role.isWeights }?.digest }

        /// Tells models apart: the content itself for a model of one file, else all files with their roles. The text
        /// of a licence makes no other model.
        var identity: Digest? {
            let counted = files.filter { $0.role != .license }
            guard counted.count > 1 else { return counted.first?.digest }
            return Digest.of(Array(counted.map { "\($0.role.rawValue) \($0.digest)\n" }.joined().utf8))
        }
    }

    func createWorkspaces(
        in folders: [FolderLayout?], _ cancellation: Cancellation
    ) throws -> [FolderLayout: ImportWorkspace] {
        let folders = Set(folders.compactMap(\.self))
        let workspaces = try lock.withLock(cancellation) {
            var workspaces: [FolderLayout: ImportWorkspace] = [:]
            for folder in folders { workspaces[folder] = try ImportWorkspace(in: folder.partial) }
            return workspaces
        }
        observe(.workspaceCreated)
        return workspaces
    }

    func remove(_ workspaces: [FolderLayout: ImportWorkspace]) throws {
        try lock.withLock {
            for workspace in workspaces.values { try workspace.remove() }
        }
        observe(.workspaceRemoved)
    }

    /// Moves contents from workspaces among the blobs and enters the model.
    func commit(_ entry: Entry, _ cancellation: Cancellation) throws -> ModelRecord {
        guard let digest = entry.digest, let identity = entry.identity else { throw ModelStoreError.noWeights }
        return try lock.withLock(cancellation) {
            try cancellation.check()
            if !entry.isReplacing {
                try database.readBlocking { try $0.requireFree(entry.name, for: identity) }
            }
            let placed = try placeContents(entry.files)
            let (record, released) = try database.writeBlocking { db in
                if !entry.isReplacing { try db.requireFree(entry.name, for: identity) }
                let now = now()
                try enter(placed, db, at: now)
                return try enter(entry, digest, identity, db, at: now)
            }
            observe(.importCommitted)
            try settleRemoval(of: released, unlinked: .replacedContentUnlinked, settled: .importSettled)
            return record
        }
    }

    private func enter(_ placed: [Placed], _ db: Database, at now: Date) throws {
        for content in placed {
            if var blob = try db.blob(content.digest) {
                blob.folder = content.folder.id
                blob.noteIntact(content.status, content.pieces, at: now)
                try blob.update(db)
            } else {
                var blob = BlobRow(
                    digest: content.digest, byteCount: content.status.byteCount, folder: content.folder.id,
                    fileModifiedAt: content.status.modifiedAt, createdAt: now)
                blob.noteIntact(content.status, content.pieces, at: now)
                try blob.insert(db)
            }
            try db.markSettled(content.digest, in: content.folder.id)
        }
    }

    private func enter(
        _ entry: Entry, _ digest: Digest, _ identity: Digest, _ db: Database, at now: Date
    ) throws -> (ModelRecord, [BlobRow]) {
        let replaced = try db.rowIfPresent(of: entry.name)
        let oldFiles = try replaced.map { try db.files(of: $0.key).map(\.digest) } ?? []
        var row = ModelRow(
            name: entry.name, digest: digest, identity: identity, source: entry.source, facts: entry.facts,
            modifiedAt: now)
        row.provenance = entry.provenance
        if let replaced, replaced.identity == identity {
            // The same again: the name keeps its form and its time, and what is known of its origin.
            row.name = replaced.name
            row.modifiedAt = replaced.modifiedAt
            if entry.provenance == nil { row.provenance = replaced.provenance }
        }
        let files = entry.files.enumerated().map { position, file in
            ModelFileRow(
                modelKey: row.key, position: position, role: file.role, name: file.name, digest: file.digest,
                source: file.source)
        }
        try db.enter(row, files, replacing: replaced)
        return (try db.model(entry.name, root: root), try db.releaseUnused(oldFiles))
    }

    /// A content that is among the blobs.
    private struct Placed {
        let digest: Digest
        let folder: FolderLayout
        let status: FileStatus
        let pieces: PieceChecksums?
    }

    /// Makes sure that every content's file is there and right.
    private func placeContents(_ files: [ArrivedFile]) throws -> [Placed] {
        let folders = try folders()
        var placed: [Placed] = []
        var coming: [Digest: ArrivedFile.Arrival] = [:]
        for file in files {
            guard let arrival = file.arrival else {
                guard try intactPath(of: file.digest, byteCount: nil, folders) != nil else {
                    throw ModelStoreError.contentMissing(name: file.name, digest: file.digest)
                }
                continue
            }
            guard let status = try FileSystem.status(of: arrival.path), status.isSameContent(as: arrival.status) else {
                // A hard link's source was written to after it was hashed.
                throw ModelStoreError.sourceChanged(path: arrival.shownPath)
            }
            if let present = try presentContent(file.digest, arrival, folders) {
                placed.append(present)
            } else if coming[file.digest] == nil {
                coming[file.digest] = arrival
            }
        }
        try place(coming)
        return placed
            + coming.map { digest, arrival in
                Placed(digest: digest, folder: arrival.folder, status: arrival.status, pieces: arrival.pieces)
            }
    }

    /// A content that is here already and as recorded. A file that is not makes way for the one that just came.
    private func presentContent(
        _ digest: Digest, _ arrival: ArrivedFile.Arrival, _ folders: FolderSet
    ) throws -> Placed? {
        guard let known = try database.readBlocking({ try $0.blob(digest) }), let folder = folders[known.folder],
            try folder.isAvailable(), let present = try status(of: digest, in: folder), known.matches(present)
        else { return nil }
        return Placed(digest: digest, folder: folder, status: present, pieces: arrival.pieces)
    }

    private func place(_ coming: [Digest: ArrivedFile.Arrival]) throws {
        guard !coming.isEmpty else { return }
        let isNew = try database.writeBlocking { db in
            var isNew = false
            for (digest, arrival) in coming where try db.blob(digest)?.folder != arrival.folder.id {
                try db.markUnsettled(digest, in: arrival.folder.id)
                // The damaged or lost file in another folder goes once this one has its place.
                if let old = try db.blob(digest) { try db.markUnsettled(digest, in: old.folder) }
                isNew = true
            }
            return isNew
        }
        if isNew { observe(.intentRecorded) }
        for (digest, arrival) in coming {
            try FileSystem.rename(arrival.path, to: arrival.folder.blob(digest).path)
            // Renaming one name of a file to another name of the same file does nothing at all.
            try FileSystem.unlinkFile(arrival.path)
        }
        for folder in Set(coming.values.map(\.folder)) { try FileSystem.synchronizeFolder(folder.blobs.path) }
        observe(.contentRenamed)
    }
}

import Foundation
import GRDB
import Security

extension Vault {
    /// The model folders, the default one first.
    func folders() throws -> FolderSet { try database.readBlocking { try $0.folders(root: root) } }

    /// The folder that new content goes to.
    ///
    /// - Throws: ``ModelStoreError/folderUnavailable(path:model:)``.
    func defaultFolder(of folders: FolderSet) throws -> FolderLayout {
        let folder = preferredFolder.flatMap { folders[$0] } ?? folders.target(root: root)
        guard try folder.isAvailable() else {
            throw ModelStoreError.folderUnavailable(path: folder.base.path, model: nil)
        }
        return folder
    }

    /// The folder for a file that is on the disk already: one on the same file system if there is one, so that it can
    /// be linked; else the default one.
    func folder(near status: FileStatus, _ folders: FolderSet) throws -> FolderLayout {
        let standard = try defaultFolder(of: folders)
        for folder in [standard] + folders.all where try folder.isAvailable() {
            if try FileSystem.status(of: folder.blobs.path)?.device == status.device { return folder }
        }
        return standard
    }

    /// Adds model folders that the database does not know, and makes the first of them this process's default.
    /// Call it under the lock.
    func addFolders(_ urls: [URL]) throws -> Int64? {
        var first: Int64?
        for url in urls {
            let id = try addFolder(url)
            first = first ?? id
        }
        return first
    }

    /// Gives a folder a row; creates it unless it has one already: then its disk may not be mounted, and a folder in
    /// the empty mount point would hide it. Call it under the lock.
    ///
    /// - Throws: ``ModelStoreError/unusableFolder(path:reason:)``.
    func addFolder(_ url: URL) throws -> Int64 {
        let path = url.standardizedFileURL.path
        if path == root.standardizedFileURL.path { return FolderLayout.rootID }
        let folders = try folders().all
        if let known = folders.first(where: { $0.base.standardizedFileURL.path == path }) {
            if try !known.isAvailable(), try isUnused(known) { try known.create() }
            return known.id
        }
        let folder = FolderLayout(id: 0, base: url)
        if folders.flatMap(\.owned).contains(where: { $0 != root && (path + "/").hasPrefix($0.path + "/") }) {
            throw ModelStoreError.unusableFolder(path: path, reason: "it is inside a model folder; choose another one")
        }
        // Another program's “blobs” must not lose its permissions, nor get our files among its own. A folder of ours
        // whose database was lost has the others as well.
        let isOurs = try [folder.incoming, folder.quarantine].allSatisfy { try FileSystem.status(of: $0.path) != nil }
        if !isOurs, try FileSystem.status(of: folder.blobs.path) != nil,
            try !FileSystem.names(in: folder.blobs.path).isEmpty
        {
            throw ModelStoreError.unusableFolder(
                path: path, reason: "it has “blobs” of something else in it; choose an empty folder")
        }
        try folder.create()
        let note = FolderRow.path(of: url, root: root)
        return try database.writeBlocking { db in
            try db.execute(sql: "INSERT INTO folder (path, isDefault) VALUES (?, 0)", arguments: [note])
            return db.lastInsertedRowID
        }
    }

    private func isUnused(_ folder: FolderLayout) throws -> Bool {
        try database.readBlocking { try BlobRow.filter(Column("folder") == folder.id).fetchCount($0) == 0 }
    }

    /// The path of a content that a file to be entered refers to.
    ///
    /// - Throws: ``ModelStoreError/contentMissing(name:digest:)`` when it is not there, whole and undamaged.
    func presentPath(of file: IntakeFile, _ folders: FolderSet) throws -> String {
        guard let digest = file.expected else { throw ModelStoreError.noWeights }
        guard let path = try intactPath(of: digest, byteCount: file.byteCount, folders) else {
            throw ModelStoreError.contentMissing(name: file.name, digest: digest)
        }
        return path
    }

    /// Whether a file that was to be taken over is gone because its content is in the store by now.
    func tookOver(_ file: IntakeFile, _ folders: FolderSet) throws -> Bool {
        guard let path = file.takenOverPath, let digest = file.expected,
            try FileSystem.status(of: path, followingLinks: false) == nil
        else { return false }
        return try intactPath(of: digest, byteCount: file.byteCount, folders) != nil
    }

    /// Where the content is, if it is there as recorded and not known to be damaged.
    func intactPath(of digest: Digest, byteCount: Int64?, _ folders: FolderSet) throws -> String? {
        guard let blob = try database.readBlocking({ try $0.blob(digest) }), let folder = folders[blob.folder],
            byteCount == nil || byteCount == blob.byteCount, try folder.isAvailable(),
            let status = try FileSystem.status(of: folder.blob(digest).path, followingLinks: false),
            blob.matches(status)
        else { return nil }
        return folder.blob(digest).path
    }
}

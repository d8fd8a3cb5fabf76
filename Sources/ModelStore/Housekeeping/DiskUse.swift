import Foundation

/// What the store takes on the disk, in bytes.
public struct DiskUse: Sendable, Hashable, Codable {
    /// What one model takes.
    public struct Model: Sendable, Hashable, Codable {
        /// Its name.
        public let name: ModelName
        /// Bytes of contents that only this name refers to: what its removal gives back.
        public let ownByteCount: Int64
        /// Bytes of contents that other names refer to as well.
        public let sharedByteCount: Int64
    }

    /// What one model folder takes.
    public struct Folder: Sendable, Hashable, Codable {
        /// Where it is.
        public let path: String
        /// Whether new content goes there.
        public let isDefault: Bool
        /// Whether it is there: its disk may not be mounted.
        public let isAvailable: Bool
        /// The contents that it holds.
        public let contentByteCount: Int64
        /// Unfinished downloads and imports.
        public let partialByteCount: Int64
        /// Whole downloads that are not registered yet.
        public let incomingByteCount: Int64
        /// Files that were found wrong.
        public let quarantineByteCount: Int64
        /// Bytes free for this user; `nil` when it is not there.
        public let freeByteCount: Int64?
    }

    /// The models, the largest first.
    public let models: [Model]
    /// The model folders, the default one first.
    public let folders: [Folder]
    /// The database with its log.
    public let databaseByteCount: Int64
    /// Headers that were kept of models which are not here.
    public let headerCacheByteCount: Int64

    /// All contents together, each counted once.
    public var contentByteCount: Int64 { folders.reduce(0) { $0 + $1.contentByteCount } }
    /// Everything together.
    public var byteCount: Int64 {
        folders.reduce(databaseByteCount + headerCacheByteCount) {
            $0 + $1.contentByteCount + $1.partialByteCount + $1.incomingByteCount + $1.quarantineByteCount
        }
    }
}

extension Vault {
    func diskUse() throws -> DiskUse {
        let (records, blobs, names) = try database.readBlocking { db in
            (try db.models(root: root), try db.blobsWithoutPieces(), try db.namesByDigest())
        }
        let models = records.map { record in
            // A content that is twice in one model is there once.
            let sizes = Dictionary(
                record.files.map { ($0.digest, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
            let shared = sizes.filter { (names[$0.key]?.count ?? 0) > 1 }.values.reduce(0, +)
            return DiskUse.Model(
                name: record.name, ownByteCount: sizes.values.reduce(0, +) - shared, sharedByteCount: shared)
        }
        let standard = try? defaultFolder(of: try folders())
        let database = ["", "-wal", "-shm"].map { layout.database.path + $0 }
        return DiskUse(
            models: models.sorted { ($1.ownByteCount, $0.name) < ($0.ownByteCount, $1.name) },
            folders: try folders().all.map { folder in
                try use(of: folder, blobs.values.filter { $0.folder == folder.id }, isDefault: folder == standard)
            },
            databaseByteCount: try database.reduce(0) { $0 + (try FileSystem.status(of: $1)?.byteCount ?? 0) },
            headerCacheByteCount: try byteCount(below: layout.headerCache))
    }

    private func use(of folder: FolderLayout, _ blobs: [BlobRow], isDefault: Bool) throws -> DiskUse.Folder {
        let isAvailable = try folder.isAvailable()
        let size = { (part: URL) in isAvailable ? try byteCount(below: part) : 0 }
        return DiskUse.Folder(
            path: folder.base.path, isDefault: isDefault, isAvailable: isAvailable,
            contentByteCount: blobs.reduce(0) { $0 + $1.byteCount }, partialByteCount: try size(folder.partial),
            incomingByteCount: try size(folder.incoming), quarantineByteCount: try size(folder.quarantine),
            freeByteCount: isAvailable ? try FileSystem.freeByteCount(at: folder.base.path) : nil)
    }

    /// Bytes of the files in a folder and its subfolders; files that go meanwhile do not count.
    private func byteCount(below folder: URL) throws -> Int64 {
        guard try FileSystem.status(of: folder.path, followingLinks: false)?.kind == .folder else { return 0 }
        return try FileSystem.names(in: folder.path).reduce(0) { sum, name in
            let url = folder.appendingPathComponent(name)
            guard let status = try FileSystem.status(of: url.path, followingLinks: false) else { return sum }
            switch status.kind {
            case .file: return sum + status.byteCount
            case .folder: return sum + (try byteCount(below: url))
            default: return sum
            }
        }
    }
}

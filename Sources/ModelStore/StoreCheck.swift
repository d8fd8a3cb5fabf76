import Foundation
import Security

/// The state of a store, for `roost doctor`. Hashing is not part of it: see ``ModelStore/verify(_:progress:)``.
public struct StoreCheck: Sendable, Hashable {
    /// Content that the database knows but whose file is gone or not as recorded.
    public struct DamagedBlob: Sendable, Hashable {
        /// The content's digest.
        public let digest: Digest
        /// The models that refer to it.
        public let names: [ModelName]
        /// Where the file is or should be.
        public let path: String
    }

    /// A file or folder with wider permissions than the store gives.
    public struct LoosePermission: Sendable, Hashable {
        /// The file or folder.
        public let path: String
        /// Its permission bits now.
        public let mode: UInt16
        /// The permission bits it should have at most.
        public let allowed: UInt16
    }

    /// Names in the store.
    public let modelCount: Int
    /// Distinct contents in the store.
    public let blobCount: Int
    /// Their size together, in bytes.
    public let blobByteCount: Int64
    /// Contents whose file is gone.
    public let missing: [DamagedBlob]
    /// Contents whose file has another size or time than recorded, or was found damaged.
    public let changed: [DamagedBlob]
    /// Blob files that no model refers to. The store removes what its own interrupted work left; these came otherwise,
    /// for example from a lost database, and are kept.
    public let orphans: [URL]
    /// The orphans' size together, in bytes.
    public let orphanByteCount: Int64
    /// Files in the blob folder that are not blobs.
    public let foreign: [URL]
    /// Unfinished imports whose process is gone.
    public let abandonedImportCount: Int
    /// Unfinished imports of live processes.
    public let runningImportCount: Int
    /// Model folders that are not there, for example on a disk that is not mounted. Their contents count as neither
    /// missing nor changed.
    public let unavailableFolders: [URL]
    /// What SQLite's own checks found; empty when the database is sound.
    public let databaseProblems: [String]
    /// Files and folders that others could read.
    public let loosePermissions: [LoosePermission]
    /// Bytes free for this user where the store is.
    public let freeByteCount: Int64

    /// Whether every model is there and nothing is left over.
    public var isConsistent: Bool {
        missing.isEmpty && changed.isEmpty && orphans.isEmpty && abandonedImportCount == 0 && databaseProblems.isEmpty
    }
}

import Foundation
import Security

/// The paths of a store.
struct StoreLayout: Sendable {
    let root: URL
    let blobs: URL
    let partial: URL
    let database: URL
    let lock: URL

    init(root: URL) {
        self.root = root
        blobs = root.appendingPathComponent("blobs", isDirectory: true)
        partial = root.appendingPathComponent("partial", isDirectory: true)
        database = root.appendingPathComponent("roost.db", isDirectory: false)
        lock = root.appendingPathComponent("store.lock", isDirectory: false)
    }

    /// Where the content with this digest is. The only way a blob's path is made.
    func blob(_ digest: Digest) -> URL {
        blobs.appendingPathComponent(digest.fileName, isDirectory: false)
    }

    /// The digest that a file in the blob folder is named for.
    static func digest(ofFileNamed name: String) -> Digest? {
        name.hasPrefix("sha256-") ? Digest(hexadecimal: String(name.dropFirst(7))) : nil
    }

    /// Creates the folders for this user only and takes others' permissions away.
    func create() throws {
        var missing: [String] = []
        var folder = root
        while try FileSystem.status(of: folder.path) == nil, folder.path != "/" {
            missing.append(folder.path)
            folder = folder.deletingLastPathComponent()
        }
        for path in missing.reversed() { try FileSystem.createFolder(path) }
        for path in [root.path, blobs.path, partial.path] {
            try FileSystem.createFolder(path)
            try FileSystem.restrict(path, to: 0o700)
        }
        // SQLite gives its other files the mode of the first one.
        for path in [database.path, lock.path] {
            _ = try OpenFile.readingAndWriting(path)
            try FileSystem.restrict(path, to: 0o600)
        }
        for suffix in ["-wal", "-shm"] { try FileSystem.restrict(database.path + suffix, to: 0o600) }
    }
}

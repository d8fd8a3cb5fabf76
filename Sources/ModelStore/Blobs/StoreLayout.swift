import Foundation

/// The paths of a store beside its model folders.
struct StoreLayout: Sendable {
    let root: URL
    let database: URL
    /// The database's path and that of its write-ahead log, for those who look often.
    let databasePaths: (main: String, log: String)
    let lock: URL
    /// Headers of models that are elsewhere, which anybody may remove at any time.
    var headerCache: URL { root.appendingPathComponent("cache/headers", isDirectory: true) }
    /// The model folder in the root.
    var home: FolderLayout { FolderLayout(id: FolderLayout.rootID, base: root) }

    init(root: URL) {
        self.root = root
        database = root.appendingPathComponent("roost.db", isDirectory: false)
        databasePaths = (database.path, database.path + "-wal")
        lock = root.appendingPathComponent("store.lock", isDirectory: false)
    }

    /// Creates the folders for this user only and takes others' permissions away.
    func create() throws {
        try home.create()
        // SQLite gives its other files the mode of the first one.
        for path in [database.path, lock.path] {
            _ = try OpenFile.readingAndWriting(path)
            try FileSystem.restrict(path, to: 0o600)
        }
        for suffix in ["-wal", "-shm"] { try FileSystem.restrict(database.path + suffix, to: 0o600) }
    }
}

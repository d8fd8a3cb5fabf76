import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
        // SQLite gives its other files the mode of the first one. A database that is there is not opened: closing it
        // would give up the locks that other connections of this process have on it (fcntl(2), POSIX record locks).
        do { _ = try OpenFile.creating(database.path) } catch ModelStoreError.io(_, _, EEXIST) {}
        _ = try OpenFile.readingAndWriting(lock.path)
        let paths = ["", "-wal", "-shm"].map { database.path + $0 } + [lock.path]
        for path in paths { try FileSystem.restrict(path, to: 0o600) }
    }
}

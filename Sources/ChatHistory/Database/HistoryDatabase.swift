import Foundation
import GRDB

/// The SQLite database of kept conversations: write-ahead log, every commit on the disk before it returns, what is
/// removed overwritten.
struct HistoryDatabase: Sendable {
    /// “Rsch” in the file's header.
    static let applicationID = 0x5273_6368

    let path: String
    private let pool: DatabasePool

    /// Opens and migrates; blocks. A file that cannot be used stays as it is.
    init(at url: URL) throws {
        path = url.path
        let path = path
        let file = HistoryFile(path: path)
        // Two processes must not make the database at once.
        let lock = try file.prepare()
        defer { lock.release() }
        pool = try Self.translatingErrors(path) {
            let pool = try DatabasePool(path: path, configuration: Self.configuration(path))
            // FULL: a commit survives a power failure, not only a crash. Set here because the pool, once it has turned
            // on the log, sets NORMAL for its writer.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try DatabaseMigrator.history.migrate(pool)
            return pool
        }
        try file.restrict()
    }

    private static func configuration(_ path: String) -> Configuration {
        var configuration = Configuration()
        configuration.label = "roost.history"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(60)
        configuration.prepareDatabase { db in
            // What is deleted is overwritten; nothing of it goes into temporary files.
            try db.execute(
                sql: """
                    PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;
                    PRAGMA temp_store = MEMORY;
                    """)
            // Before the pool turns on its log, which writes.
            if !db.configuration.readonly { try requireOurs(db, path: path) }
        }
        return configuration
    }

    /// Throws `ChatHistoryError.foreignDatabase`, `.newerDatabase`.
    private static func requireOurs(_ db: Database, path: String) throws {
        if try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID {
            if try DatabaseMigrator.history.hasBeenSuperseded(db) { throw ChatHistoryError.newerDatabase(path: path) }
        } else if try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE name NOT GLOB '*grdb_*'") != 0 {
            // A process that ended while it made the database leaves tables of GRDB's without ours.
            throw ChatHistoryError.foreignDatabase(path: path)
        }
    }

    /// Reads from one state of the database; does not wait for writers.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch let error as DatabaseError {
            throw Self.translated(error, path)
        }
    }

    /// Writes in one transaction. It is done also when the task is cancelled: what was asked to be kept is kept.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await Task { [pool] in try await pool.write(body) }.value
        } catch let error as DatabaseError {
            throw Self.translated(error, path)
        }
    }

    /// Takes what was removed out of the index of words and out of the log. The rows' own places were overwritten when
    /// they were removed.
    func forget() async throws {
        try await write { try $0.leaveOutRemovedWords() }
        try? await Task { [pool] in
            // The log still has pages as they were. It can be emptied unless another process reads just now; then it
            // is with the next removal, or when the last process closes the database.
            try await pool.barrierWriteWithoutTransaction { db in
                try db.execute(sql: "PRAGMA busy_timeout = 2000")
                defer { try? db.execute(sql: "PRAGMA busy_timeout = 15000") }
                try db.checkpoint(.truncate)
            }
        }.value
    }

    private static func translatingErrors<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw translated(error, path)
        }
    }

    private static func translated(_ error: DatabaseError, _ path: String) -> ChatHistoryError {
        let reason =
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                "the file is damaged (\(error.message ?? "no details")); move it away, conversations that are kept "
                    + "from then on go into a new one"
            case .SQLITE_FULL: "the disk is full; free some space"
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
                "\(error.message ?? "it cannot be opened"); check its owner and permissions"
            case .SQLITE_BUSY: "another process has been writing for too long; try again when it has finished"
            case .SQLITE_TOOBIG: "a text is larger than SQLite can keep; keep less"
            default: error.message ?? "SQLite error \(error.resultCode.rawValue)"
            }
        return .database(path: path, reason: reason)
    }
}

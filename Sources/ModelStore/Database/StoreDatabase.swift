import Foundation
import GRDB

/// The store's SQLite database: write-ahead log, every commit on the disk before it returns.
struct StoreDatabase: Sendable {
    let path: String
    private let pool: DatabasePool

    /// Opens and migrates. Call it under the store's lock, so that two processes do not migrate at once.
    init(at url: URL) throws {
        path = url.path
        var configuration = Configuration()
        configuration.label = "roost.store"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(60)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA fullfsync = ON")
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
        }
        let path = self.path
        pool = try Self.translatingErrors(path) { try DatabasePool(path: path, configuration: configuration) }
        try Self.translatingErrors(path) {
            // FULL: a commit survives a power failure, not only a crash. Set here because the pool, once it has turned
            // on the log, sets NORMAL for its writer.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = DatabaseMigrator.store
            if try pool.read(migrator.hasBeenSuperseded) { throw ModelStoreError.newerDatabase(path: path) }
            try migrator.migrate(pool)
        }
    }

    /// Reads from a worker task; does not wait for writers.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch let error as DatabaseError {
            throw translated(error)
        }
    }

    /// Writes in one transaction, on the database's own thread.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.write(body)
        } catch let error as DatabaseError {
            throw translated(error)
        }
    }

    /// As `read`, for a thread that may block.
    func readBlocking<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Self.translatingErrors(path) { try pool.read(body) }
    }

    /// As `write`, for a thread that may block.
    func writeBlocking<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Self.translatingErrors(path) { try pool.write(body) }
    }

    private func translated(_ error: DatabaseError) -> ModelStoreError { Self.translated(error, path) }

    private static func translatingErrors<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw translated(error, path)
        }
    }

    private static func translated(_ error: DatabaseError, _ path: String) -> ModelStoreError {
        let reason =
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                "it is damaged (\(error.message ?? "no details")); move it away and import the models again"
            case .SQLITE_FULL: "the disk is full; free some space"
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
                "\(error.message ?? "it cannot be opened"); check its owner and permissions"
            case .SQLITE_BUSY: "another process has been writing for too long; try again when it has finished"
            default: error.message ?? "SQLite error \(error.resultCode.rawValue)"
            }
        return .database(path: path, reason: reason)
    }
}

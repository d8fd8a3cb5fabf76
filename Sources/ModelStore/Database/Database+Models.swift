import Foundation
import GRDB
import Security

/// What the store asks of its database about models, inside a transaction.
extension Database {
    func models(root: URL) throws -> [ModelRecord] {
        let active = try activeKey()
        let folders = try folders(root: root)
        let blobs = try blobsWithoutPieces()
        let files = Dictionary(
            grouping: try ModelFileRow.order(Column("modelKey"), Column("position")).fetchAll(self), by: \.modelKey)
        return try ModelRow.order(Column("key")).fetchAll(self).compactMap { row in
            ModelRecord(row, files[row.key] ?? [], blobs, folders, isActive: row.key == active)
        }
    }

    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    func model(_ name: ModelName, root: URL) throws -> ModelRecord {
        guard let record = try recordIfPresent(of: name, root: root) else { throw try notFound(name) }
        return record
    }

    func recordIfPresent(of name: ModelName, root: URL) throws -> ModelRecord? {
        guard let row = try rowIfPresent(of: name) else { return nil }
        let files = try files(of: row.key)
        var blobs: [Digest: BlobRow] = [:]
        for file in files { blobs[file.digest] = try blob(file.digest) }
        return ModelRecord(row, files, blobs, try folders(root: root), isActive: try activeKey() == row.key)
    }

    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    func row(of name: ModelName) throws -> ModelRow {
        guard let row = try rowIfPresent(of: name) else { throw try notFound(name) }
        return row
    }

    func rowIfPresent(of name: ModelName) throws -> ModelRow? {
        try ModelRow.fetchOne(self, key: name.key)
    }

    func files(of key: String) throws -> [ModelFileRow] {
        try ModelFileRow.filter(Column("modelKey") == key).order(Column("position")).fetchAll(self)
    }

    func activeKey() throws -> String? {
        try String.fetchOne(self, sql: "SELECT key FROM active")
    }

    func setActive(_ name: ModelName?) throws {
        guard let name else { return try execute(sql: "DELETE FROM active") }
        let row = try row(of: name)
        try execute(sql: "INSERT OR REPLACE INTO active (id, key) VALUES (1, ?)", arguments: [row.key])
    }

    /// Refuses a name that refers to other files than those of `identity`.
    ///
    /// - Throws: ``ModelStoreError/alreadyExists(_:digest:)``.
    func requireFree(_ name: ModelName, for identity: Digest) throws {
        if let other = try rowIfPresent(of: name), other.identity != identity {
            throw ModelStoreError.alreadyExists(other.name, digest: other.digest)
        }
    }

    /// Enters a model; one that it takes the place of keeps its statistics and stays active if it was.
    func enter(_ row: ModelRow, _ files: [ModelFileRow], replacing old: ModelRow?) throws {
        if let old {
            var row = row
            row.takeStatistics(of: old)
            try row.update(self)
            try ModelFileRow.filter(Column("modelKey") == row.key).deleteAll(self)
        } else {
            try row.insert(self)
        }
        for file in files { try file.insert(self) }
    }

    func rename(_ row: ModelRow, to name: ModelName, at time: Date) throws {
        // An update of the key, which the rows of its files and of the active model follow.
        try execute(
            sql: "UPDATE model SET key = ?, name = ?, modifiedAt = ? WHERE key = ?",
            arguments: [name.key, name.description, time, row.key])
    }

    private func notFound(_ name: ModelName) throws -> ModelStoreError {
        let names = try ModelRow.fetchAll(self).map(\.name)
        return .notFound(name, suggestions: name.suggestions(among: names))
    }
}

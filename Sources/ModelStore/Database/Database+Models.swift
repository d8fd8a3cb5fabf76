import Foundation
import GRDB
import Security

/// What the store asks of its database, inside a transaction.
extension Database {
    func models() throws -> [ModelRecord] {
        let active = try activeKey()
        let blobs = try BlobRow.fetchAll(self)
        let byDigest = Dictionary(blobs.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        return try ModelRow.order(Column("key")).fetchAll(self).compactMap { row in
            byDigest[row.digest].map { ModelRecord(row, $0, isActive: row.key == active) }
        }
    }

    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    func model(_ name: ModelName) throws -> ModelRecord {
        guard let record = try recordIfPresent(of: name) else { throw try notFound(name) }
        return record
    }

    func recordIfPresent(of name: ModelName) throws -> ModelRecord? {
        guard let row = try rowIfPresent(of: name), let blob = try blob(row.digest) else { return nil }
        return ModelRecord(row, blob, isActive: try activeKey() == row.key)
    }

    /// - Throws: ``ModelStoreError/notFound(_:suggestions:)``.
    func row(of name: ModelName) throws -> ModelRow {
        guard let row = try rowIfPresent(of: name) else { throw try notFound(name) }
        return row
    }

    func rowIfPresent(of name: ModelName) throws -> ModelRow? {
        try ModelRow.fetchOne(self, key: name.key)
    }

    func blob(_ digest: Digest) throws -> BlobRow? {
        try BlobRow.fetchOne(self, key: digest.description)
    }

    func names(of digest: Digest) throws -> [ModelName] {
        try ModelRow.filter(Column("digest") == digest.description).order(Column("key")).fetchAll(self).map(\.name)
    }

    func activeKey() throws -> String? {
        try String.fetchOne(self, sql: "SELECT key FROM active")
    }

    func setActive(_ name: ModelName?) throws {
        guard let name else { return try execute(sql: "DELETE FROM active") }
        let row = try row(of: name)
        try execute(sql: "INSERT OR REPLACE INTO active (id, key) VALUES (1, ?)", arguments: [row.key])
    }

    /// Refuses a name that refers to other content than `digest`.
    ///
    /// - Throws: ``ModelStoreError/alreadyExists(_:digest:)``.
    func requireFree(_ name: ModelName, for digest: Digest) throws {
        if let other = try rowIfPresent(of: name), other.digest != digest {
            throw ModelStoreError.alreadyExists(other.name, digest: other.digest)
        }
    }

    /// Enters a name; one that it takes the place of keeps its use count and stays active if it was.
    func enter(_ row: ModelRow, replacing old: ModelRow?) throws {
        guard let old else { return try row.insert(self) }
        var row = row
        row.useCount = old.useCount
        row.lastUsedAt = old.lastUsedAt
        try row.update(self)
    }

    func rename(_ row: ModelRow, to name: ModelName, at time: Date) throws {
        // An update of the key, which the active model's row follows.
        try execute(
            sql: "UPDATE model SET key = ?, name = ?, modifiedAt = ? WHERE key = ?",
            arguments: [name.key, name.description, time, row.key])
    }

    /// Gives up the content if no name refers to it any more; its file is then to be unlinked.
    func releaseIfUnused(_ digest: Digest) throws -> Bool {
        guard try names(of: digest).isEmpty, try BlobRow.deleteOne(self, key: digest.description) else { return false }
        try markUnsettled(digest)
        return true
    }

    func markUnsettled(_ digest: Digest) throws {
        try execute(sql: "INSERT OR IGNORE INTO unsettled (digest) VALUES (?)", arguments: [digest.description])
    }

    func markSettled(_ digest: Digest) throws {
        try execute(sql: "DELETE FROM unsettled WHERE digest = ?", arguments: [digest.description])
    }

    func unsettledDigests() throws -> [Digest] {
        try String.fetchAll(self, sql: "SELECT digest FROM unsettled").compactMap { Digest($0) }
    }

    /// What SQLite's own checks complain of.
    func integrityProblems() throws -> [String] {
        let integrity = try String.fetchAll(self, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        let references = try Row.fetchAll(self, sql: "PRAGMA foreign_key_check").map { row in
            "table \(row["table"] as String? ?? "?") refers to a row of \(row["parent"] as String? ?? "?") that is gone"
        }
        return integrity + references
    }

    private func notFound(_ name: ModelName) throws -> ModelStoreError {
        let names = try ModelRow.fetchAll(self).map(\.name)
        return .notFound(name, suggestions: name.suggestions(among: names))
    }
}

extension ModelRecord {
    init(_ row: ModelRow, _ blob: BlobRow, isActive: Bool) {
        self.init(
            name: row.name, digest: blob.digest, byteCount: blob.byteCount, format: blob.format,
            architecture: blob.architecture, parameterCount: blob.parameterCount, quantization: blob.quantization,
            contextLength: blob.contextLength, embeddingLength: blob.embeddingLength, capabilities: blob.capabilities,
            hasChatTemplate: blob.hasChatTemplate, license: blob.license, title: blob.title, source: row.source,
            createdAt: blob.createdAt, modifiedAt: row.modifiedAt, lastUsedAt: row.lastUsedAt, useCount: row.useCount,
            lastVerifiedAt: blob.lastVerifiedAt, isActive: isActive)
    }
}

import Foundation
import GRDB
import Security

/// What the store asks of its database about contents, inside a transaction.
extension Database {
    func blob(_ digest: Digest) throws -> BlobRow? {
        try BlobRow.fetchOne(self, key: digest.description)
    }

    /// All contents; the checksums of their pieces, which may be large, left out.
    func blobsWithoutPieces() throws -> [Digest: BlobRow] {
        let rows = try BlobRow.fetchAll(
            self,
            sql: "SELECT digest, byteCount, folder, fileModifiedAt, createdAt, lastVerifiedAt, damagedAt FROM blob")
        return Dictionary(rows.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func names(of digest: Digest) throws -> [ModelName] {
        let sql = """
            SELECT DISTINCT name FROM model JOIN modelFile ON modelFile.modelKey = model.key
            WHERE modelFile.digest = ? ORDER BY model.key
            """
        return try String.fetchAll(self, sql: sql, arguments: [digest.description]).compactMap { ModelName($0) }
    }

    /// The models that refer to each content.
    func namesByDigest() throws -> [Digest: [ModelName]] {
        let sql =
            "SELECT DISTINCT digest, name FROM (SELECT modelFile.digest, model.name FROM modelFile "
            + "JOIN model ON model.key = modelFile.modelKey ORDER BY model.key)"
        var names: [Digest: [ModelName]] = [:]
        for row in try Row.fetchAll(self, sql: sql) {
            guard let digest = Digest(row["digest"] as String), let name = ModelName(row["name"] as String) else {
                continue
            }
            names[digest, default: []].append(name)
        }
        return names
    }

    /// Gives up the contents that no model refers to any more; their files are then to be unlinked.
    func releaseUnused(_ digests: [Digest]) throws -> [BlobRow] {
        var released: [BlobRow] = []
        for digest in Set(digests).sorted() {
            let sql = "SELECT EXISTS (SELECT 1 FROM modelFile WHERE digest = ?)"
            let isUsed = try Bool.fetchOne(self, sql: sql, arguments: [digest.description]) ?? false
            guard !isUsed, let blob = try blob(digest) else { continue }
            try blob.delete(self)
            try markUnsettled(digest, in: blob.folder)
            released.append(blob)
        }
        return released
    }

    /// Notes that a file of this content may be in the folder without belonging there.
    func markUnsettled(_ digest: Digest, in folder: Int64) throws {
        try execute(
            sql: "INSERT OR IGNORE INTO unsettled (digest, folder) VALUES (?, ?)",
            arguments: [digest.description, folder])
    }

    func markSettled(_ digest: Digest, in folder: Int64) throws {
        try execute(
            sql: "DELETE FROM unsettled WHERE digest = ? AND folder = ?", arguments: [digest.description, folder])
    }

    func unsettled() throws -> [(digest: Digest, folder: Int64)] {
        try Row.fetchAll(self, sql: "SELECT digest, folder FROM unsettled").compactMap { row in
            Digest(row["digest"] as String).map { ($0, row["folder"]) }
        }
    }

    /// What SQLite's own checks complain of.
    func integrityProblems() throws -> [String] {
        let integrity = try String.fetchAll(self, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        let references = try Row.fetchAll(self, sql: "PRAGMA foreign_key_check").map { row in
            "table \(row["table"] as String? ?? "?") refers to a row of \(row["parent"] as String? ?? "?") that is gone"
        }
        return integrity + references
    }
}

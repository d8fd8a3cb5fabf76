import Foundation
import GRDB
import Security

/// A row of `model`: one name.
struct ModelRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "model"

    /// The name with its tag in lower case.
    var key: String
    var name: ModelName
    var digest: Digest
    var source: String
    var modifiedAt: Date
    var lastUsedAt: Date?
    var useCount: Int

    init(name: ModelName, digest: Digest, source: String, modifiedAt: Date) {
        key = name.key
        self.name = name
        self.digest = digest
        self.source = source
        self.modifiedAt = modifiedAt
        lastUsedAt = nil
        useCount = 0
    }
}

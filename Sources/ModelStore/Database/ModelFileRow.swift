import Foundation
import GRDB
import Security

/// A row of `modelFile`: one file of a model.
struct ModelFileRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "modelFile"

    var modelKey: String
    /// Weights first, parts in order.
    var position: Int
    var role: StoreFileRole
    /// For showing only.
    var name: String
    var digest: Digest
    var source: String?

    /// The last part of a path or URL, for showing.
    static func name(ofSource source: String) -> String {
        source.split(separator: "/").last.map(String.init) ?? source
    }
}

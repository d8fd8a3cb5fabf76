import Foundation
import GRDB

/// A row of `folder`: one model folder.
struct FolderRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "folder"

    var id: Int64
    /// `nil` for the root, which may be anywhere; relative to it for a folder inside it.
    var path: String?
    /// Whether new content goes there.
    var isDefault: Bool

    func layout(root: URL) -> FolderLayout {
        guard let path else { return FolderLayout(id: id, base: root) }
        let base =
            path.hasPrefix("/")
            ? URL(fileURLWithPath: path, isDirectory: true) : root.appendingPathComponent(path, isDirectory: true)
        return FolderLayout(id: id, base: base)
    }

    /// How a folder's place is noted.
    static func path(of url: URL, root: URL) -> String {
        let path = url.standardizedFileURL.path
        let prefix = root.standardizedFileURL.path + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }
}

/// The model folders of a store at one moment.
struct FolderSet: Sendable {
    /// The default one first.
    let all: [FolderLayout]
    private let byID: [Int64: FolderLayout]

    init(_ rows: [FolderRow], root: URL) {
        all = rows.sorted { ($0.isDefault ? 0 : 1, $0.id) < ($1.isDefault ? 0 : 1, $1.id) }.map {
            $0.layout(root: root)
        }
        byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Where new content goes.
    func target(root: URL) -> FolderLayout { all.first ?? FolderLayout(id: FolderLayout.rootID, base: root) }

    subscript(id: Int64) -> FolderLayout? { byID[id] }
}

extension Database {
    func folders(root: URL) throws -> FolderSet { FolderSet(try FolderRow.fetchAll(self), root: root) }
}

import Foundation
import Security

/// The paths of one model folder. A store has one in its root and may have more, on other disks.
struct FolderLayout: Sendable, Hashable {
    /// The folder's row in the database; 1 is the root.
    let id: Int64
    let base: URL

    static let rootID: Int64 = 1

    var blobs: URL { base.appendingPathComponent("blobs", isDirectory: true) }
    var partial: URL { base.appendingPathComponent("partial", isDirectory: true) }
    var incoming: URL { base.appendingPathComponent("incoming", isDirectory: true) }
    var quarantine: URL { base.appendingPathComponent("quarantine", isDirectory: true) }

    /// Where the content with this digest is. The only way a blob's path is made.
    func blob(_ digest: Digest) -> URL {
        blobs.appendingPathComponent(digest.fileName, isDirectory: false)
    }

    /// The digest that a file in the blob folder is named for.
    static func digest(ofFileNamed name: String) -> Digest? {
        name.hasPrefix("sha256-") ? Digest(hexadecimal: String(name.dropFirst(7))) : nil
    }

    /// Whether the folder is there: a disk that is not mounted leaves at most an empty mount point.
    func isAvailable() throws -> Bool {
        do {
            return try FileSystem.status(of: blobs.path)?.kind == .folder
        } catch ModelStoreError.io {
            return false
        }
    }

    /// The folders that belong to the store alone. The base of a further model folder may have other things in it,
    /// such as a whole disk.
    var owned: [URL] { (id == Self.rootID ? [base] : []) + [blobs, partial, incoming, quarantine] }

    /// Creates the folders for this user only and takes others' permissions away.
    func create() throws {
        try FileSystem.createFolders(base.path)
        for path in owned.map(\.path) {
            try FileSystem.createFolder(path)
            try FileSystem.restrict(path, to: 0o700)
        }
    }

    var intake: IntakeFolders { IntakeFolders(incoming: incoming, partial: partial, quarantine: quarantine) }
}

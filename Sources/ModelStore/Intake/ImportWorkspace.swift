import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder of its own for one unfinished import: `partial/import-<pid>-<uuid>/` with `owner`, whose `flock` is held
/// while the process lives, and `content-0` and so on.
///
/// It is created and cleared away under the store's lock, so a folder whose `owner` is not locked belongs to nobody.
final class ImportWorkspace: Sendable {
    static let prefix = "import-"

    let folder: URL
    /// The content of the model's file number `index`, on its way into the store.
    func content(_ index: Int) -> URL { folder.appendingPathComponent("content-\(index)", isDirectory: false) }
    private let owner: OpenFile

    /// Creates a workspace in `partial`. Call it under the store's lock.
    init(in partial: URL) throws {
        let name = "\(Self.prefix)\(getpid())-\(UUID().uuidString.lowercased())"
        folder = partial.appendingPathComponent(name, isDirectory: true)
        try FileSystem.createFolder(folder.path)
        owner = try OpenFile.creating(Self.owner(of: folder).path)
        guard try owner.tryLock() else {
            throw ModelStoreError.io(path: owner.path, operation: "lock", errno: EWOULDBLOCK)
        }
    }

    /// Removes the folder and what is in it.
    func remove() throws { try Self.remove(folder) }

    /// Whether a live process works in `folder`. Call it under the store's lock.
    static func isAlive(_ folder: URL) throws -> Bool {
        let path = owner(of: folder).path
        guard try FileSystem.status(of: path) != nil else { return false }
        return try !OpenFile.readingAndWriting(path).tryLock()
    }

    /// The workspaces in `partial`, of live and of dead processes.
    static func all(in partial: URL) throws -> [URL] {
        try FileSystem.names(in: partial.path).filter { $0.hasPrefix(prefix) }
            .map { partial.appendingPathComponent($0, isDirectory: true) }
            .filter { try FileSystem.status(of: $0.path, followingLinks: false)?.kind == .folder }
    }

    static func remove(_ folder: URL) throws {
        guard try FileSystem.status(of: folder.path, followingLinks: false) != nil else { return }
        // The owner file goes last: until then the folder is known for what it is.
        let ownerName = owner(of: folder).lastPathComponent
        for name in try FileSystem.names(in: folder.path) where name != ownerName {
            try FileSystem.unlinkFile(folder.appendingPathComponent(name, isDirectory: false).path)
        }
        try FileSystem.unlinkFile(owner(of: folder).path)
        try FileSystem.removeFolder(folder.path)
    }

    private static func owner(of folder: URL) -> URL {
        folder.appendingPathComponent("owner", isDirectory: false)
    }
}

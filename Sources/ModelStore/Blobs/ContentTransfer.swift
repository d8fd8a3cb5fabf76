import Foundation
import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Brings a source file's content to a new path, by clone, hard link or copy, and hashes it on the way.
struct ContentTransfer {
    enum Method: Sendable, Hashable { case clone, hardLink, copy }

    /// What arrived.
    struct Result: Sendable {
        let method: Method
        let content: ContentReading.Content
        let status: FileStatus
    }

    let source: String
    let target: String
    let linking: ImportLinking
    let cancellation: Cancellation
    let progress: @Sendable (ImportProgress) -> Void

    /// Opens a source, following links, and refuses what is not a regular file.
    static func open(_ source: String) throws -> OpenFile {
        let path = try FileSystem.resolved(source)
        if let kind = try FileSystem.status(of: path)?.kind, kind != .file {
            throw ModelStoreError.notARegularFile(path: source, kind: kind.text)
        }
        let file = try OpenFile.reading(path)
        let kind = try file.status().kind
        guard kind == .file else { throw ModelStoreError.notARegularFile(path: source, kind: kind.text) }
        return file
    }

    /// Transfers and hashes; the content is on the disk for good when this returns.
    ///
    /// - Throws: ``ModelStoreError`` and `CancellationError`. The target may then exist in part.
    func run() throws -> Result {
        let file = try Self.open(source)
        let before = try file.status()
        let method = try place(file, before)
        let content: ContentReading.Content
        if method == .copy {
            content = try copy(file, byteCount: before.byteCount)
        } else {
            content = try ContentReading(cancellation: cancellation, progress: progress).hash(target)
        }
        let target = try OpenFile.reading(target)
        if method != .hardLink { try target.setMode(0o600) }
        try target.synchronize()
        let status = try target.status()
        guard try file.status().isSameContent(as: before), status.byteCount == before.byteCount else {
            throw ModelStoreError.sourceChanged(path: source)
        }
        return Result(method: method, content: content, status: status)
    }

    private func place(_ file: OpenFile, _ status: FileStatus) throws -> Method {
        switch linking {
        case .copy: return .copy
        case .linkOnly:
            try linkOnly(file, status)
            return .hardLink
        case .automatic: break
        }
        if try FileSystem.clone(file, to: target) { return .clone }
        // Through a hard link whoever may write to the source writes to the model.
        guard status.owner == geteuid(), status.mode & 0o022 == 0 else { return .copy }
        guard try FileSystem.hardLink(file.path, to: target) else { return .copy }
        return try isLinked(status) ? .hardLink : .copy
    }

    private func linkOnly(_ file: OpenFile, _ status: FileStatus) throws {
        guard status.mode & 0o002 == 0 else {
            throw ModelStoreError.notLinkable(path: source, reason: "every user of this machine may write to it")
        }
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        guard try FileSystem.status(of: folder)?.device == status.device else {
            throw ModelStoreError.notLinkable(path: source, reason: "it is on another file system than the store")
        }
        guard try FileSystem.hardLink(file.path, to: target), try isLinked(status) else {
            throw ModelStoreError.notLinkable(
                path: source, reason: "the file system, or who owns the file, does not allow a second name for it")
        }
    }

    /// Whether the target is the file that was opened: its name may lead to another file by now.
    private func isLinked(_ status: FileStatus) throws -> Bool {
        if let linked = try FileSystem.status(of: target, followingLinks: false), linked.isSameFile(as: status) {
            return true
        }
        try FileSystem.unlinkFile(target)
        return false
    }

    private func copy(_ file: OpenFile, byteCount: Int64) throws -> ContentReading.Content {
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        let free = try FileSystem.freeByteCount(at: folder)
        guard byteCount <= free else {
            throw ModelStoreError.noSpace(path: folder, needed: byteCount, available: free)
        }
        return try ContentReading(cancellation: cancellation, progress: progress).copy(
            file, to: try OpenFile.creating(target), byteCount: byteCount, folder: folder)
    }
}

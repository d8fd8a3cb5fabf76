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
        let digest: Digest
        let status: FileStatus
    }

    let source: String
    let target: String
    let linking: ImportLinking
    let cancellation: Cancellation
    let progress: @Sendable (ImportProgress) -> Void

    private static let pieceByteCount = 1 << 20

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
        let digest: Digest
        if method == .copy {
            digest = try copy(file, byteCount: before.byteCount)
        } else {
            digest = try Self.hash(target, phase: .hashing, cancellation: cancellation, progress: progress)
        }
        let target = try OpenFile.reading(target)
        if method != .hardLink { try target.setMode(0o600) }
        try target.synchronize()
        let status = try target.status()
        guard try file.status().isSameContent(as: before), status.byteCount == before.byteCount else {
            throw ModelStoreError.sourceChanged(path: source)
        }
        return Result(method: method, digest: digest, status: status)
    }

    /// Hashes a file on this thread, reporting every piece.
    static func hash(
        _ path: String, phase: ImportProgress.Phase, cancellation: Cancellation,
        progress: @Sendable (ImportProgress) -> Void
    ) throws -> Digest {
        let file = try OpenFile.reading(path)
        let total = try file.status().byteCount
        do {
            return try Digest.ofFile(descriptor: file.descriptor, bufferByteCount: pieceByteCount) { count in
                try cancellation.check()
                progress(ImportProgress(phase: phase, completed: count, total: max(total, count)))
            }
        } catch let error as FileHashError {
            throw ModelStoreError.io(path: path, operation: "read", errno: error.code)
        }
    }

    private func place(_ file: OpenFile, _ status: FileStatus) throws -> Method {
        guard linking == .automatic else { return .copy }
        if try FileSystem.clone(file, to: target) { return .clone }
        // Through a hard link whoever may write to the source writes to the model.
        guard status.owner == geteuid(), status.mode & 0o022 == 0 else { return .copy }
        guard try FileSystem.hardLink(file.path, to: target) else { return .copy }
        // The name may lead to another file by now than the one that was opened.
        if let linked = try FileSystem.status(of: target, followingLinks: false), linked.isSameFile(as: status) {
            return .hardLink
        }
        try FileSystem.unlinkFile(target)
        return .copy
    }

    private func copy(_ file: OpenFile, byteCount: Int64) throws -> Digest {
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        let free = try FileSystem.freeByteCount(at: folder)
        guard byteCount <= free else {
            throw ModelStoreError.noSpace(path: folder, needed: byteCount, available: free)
        }
        return try Self.copy(
            file, to: try OpenFile.creating(target), byteCount: byteCount, folder: folder, cancellation: cancellation,
            progress: progress)
    }

    /// Copies all of `file` to `target`, whatever the target is, and hashes what passes.
    static func copy(
        _ file: OpenFile, to target: OpenFile, byteCount: Int64, folder: String, cancellation: Cancellation,
        progress: @Sendable (ImportProgress) -> Void
    ) throws -> Digest {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 4096)
        defer { buffer.deallocate() }
        var hash = ContentHash()
        var done: Int64 = 0
        while true {
            try cancellation.check()
            let count = try file.read(into: buffer)
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(piece)
            do {
                try target.write(piece)
            } catch ModelStoreError.io(_, _, let code) where code == ENOSPC || code == EDQUOT {
                let free = try FileSystem.freeByteCount(at: folder)
                throw ModelStoreError.noSpace(path: folder, needed: max(byteCount - done, 0), available: free)
            }
            done += Int64(count)
            // A file that grows under the copy ends as an error, not as an endless copy.
            guard done <= byteCount else { throw ModelStoreError.sourceChanged(path: file.path) }
            progress(ImportProgress(phase: .copying, completed: done, total: byteCount))
        }
        return hash.finish()
    }
}

import Foundation
public import Security
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A content that somebody sends piece by piece, with the digest that it is to have. It is hashed on the way and stands
/// among the incoming files when it is whole and right; what is not finished goes.
///
/// ```swift
/// let upload = try await store.receive(digest, byteCount: length)
/// for try await piece in pieces { try await upload.write(piece) }
/// try await upload.finish()
/// ```
public final class ContentUpload: Sendable {
    private struct State {
        var file: OpenFile?
        var hash = ContentHash()
        var byteCount: Int64 = 0
    }

    /// What the content is to be.
    public let digest: Digest
    private let folder: URL
    private let place: URL
    private let state: Mutex<State>
    private let thread = BlockingQueue(label: "roost.store.upload", isSerial: true)

    /// Begins a file of its own in `folder`. Blocks.
    init(digest: Digest, folder: URL) throws {
        self.digest = digest
        self.folder = folder
        // Not named for the digest before it has that content. A prune takes it away when nobody holds its lock.
        place = folder.appendingPathComponent("upload-\(UUID().uuidString)", isDirectory: false)
        let file = try OpenFile.creating(place.path)
        _ = try file.tryLock()
        state = Mutex(State(file: file))
    }

    deinit {
        // An upload that was let go in its middle; nothing else has its name.
        if state.withLock({ $0.file }) != nil { unlink(place.path) }
    }

    /// Adds the next bytes.
    ///
    /// - Throws: ``ModelStoreError/noSpace(path:needed:available:)``, ``ModelStoreError/io(path:operation:errno:)``.
    public func write(_ bytes: [UInt8]) async throws {
        try await thread.run { [self] _ in
            try state.withLock { state in
                guard let file = state.file else { return }
                do {
                    try bytes.withUnsafeBytes { try file.write($0) }
                } catch ModelStoreError.io(_, _, let code) where code == ENOSPC || code == EDQUOT {
                    throw ModelStoreError.noSpace(
                        path: folder.path, needed: Int64(bytes.count),
                        available: try FileSystem.freeByteCount(at: folder.path))
                }
                state.hash.update(bytes)
                state.byteCount += Int64(bytes.count)
            }
        }
    }

    /// Puts the content in its place; it is on the disk for good when this returns.
    ///
    /// - Throws: ``ModelStoreError/contentMismatch(path:expected:found:)`` when it is another one, which is gone then;
    ///   ``ModelStoreError/io(path:operation:errno:)``.
    public func finish() async throws {
        try await thread.run { [self] _ in
            try state.withLock { state in
                guard let file = state.file else { return }
                let found = state.hash.finish()
                guard found == digest else {
                    try close(&state)
                    throw ModelStoreError.contentMismatch(path: "the upload", expected: digest, found: found)
                }
                try file.synchronize()
                let target = folder.appendingPathComponent(digest.fileName, isDirectory: false)
                try FileSystem.rename(place.path, to: target.path)
                try FileSystem.synchronizeFolder(folder.path)
                state.file = nil
            }
        }
    }

    /// Removes what came. Nothing happens when it is finished.
    public func discard() async {
        _ = try? await thread.run { [self] _ in try state.withLock { try close(&$0) } }
    }

    private func close(_ state: inout State) throws {
        guard state.file != nil else { return }
        state.file = nil
        try FileSystem.unlinkFile(place.path)
    }
}

import Foundation
import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads all of a content once: its digest, and a checksum for each of its pieces.
struct ContentReading {
    /// What was read.
    struct Content: Sendable, Hashable {
        let digest: Digest
        let pieces: PieceChecksums
        let byteCount: Int64
    }

    let cancellation: Cancellation
    let progress: @Sendable (ImportProgress) -> Void

    /// Bytes of one read.
    private static let stepByteCount = 1 << 20

    /// The piece length for a content: 1 MiB up to 1 GiB, then so that there are about a thousand, at most 16 MiB.
    static func pieceByteCount(for byteCount: Int64) -> Int {
        var size = 1 << 20
        while size < 16 << 20, byteCount / Int64(size) > 1024 { size *= 2 }
        return size
    }

    /// Hashes a file on this thread.
    ///
    /// - Parameter pieceByteCount: As recorded before; chosen by the file's size when `nil`.
    func hash(
        _ path: String, phase: ImportProgress.Phase = .hashing, pieceByteCount: Int? = nil
    ) throws -> Content {
        let file = try OpenFile.reading(path)
        let total = try file.status().byteCount
        return try read(file, pieceByteCount: pieceByteCount ?? Self.pieceByteCount(for: total)) { count, _ in
            progress(ImportProgress(phase: phase, completed: count, total: max(total, count)))
        }
    }

    /// Copies all of `file` to `target`, whatever the target is, and hashes what passes.
    func copy(_ file: OpenFile, to target: OpenFile, byteCount: Int64, folder: String) throws -> Content {
        try read(file, pieceByteCount: Self.pieceByteCount(for: byteCount)) { count, bytes in
            do {
                try target.write(bytes)
            } catch ModelStoreError.io(_, _, let code) where code == ENOSPC || code == EDQUOT {
                let free = try FileSystem.freeByteCount(at: folder)
                let missing = max(byteCount - count + Int64(bytes.count), 0)
                throw ModelStoreError.noSpace(path: folder, needed: missing, available: free)
            }
            // A file that grows under the copy ends as an error, not as an endless copy.
            guard count <= byteCount else { throw ModelStoreError.sourceChanged(path: file.path) }
            progress(ImportProgress(phase: .copying, completed: count, total: byteCount))
        }
    }

    /// Reads to the end; `step` is told of the bytes so far and those that just came.
    private func read(
        _ file: OpenFile, pieceByteCount: Int, step: (Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Content {
        // A whole piece is in memory at once, for its checksum.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, pieceByteCount), alignment: 4096)
        defer { buffer.deallocate() }
        var hash = ContentHash()
        var values: [UInt64] = []
        var total: Int64 = 0
        var filled = 0
        while true {
            try cancellation.check()
            let room = buffer[filled..<min(filled + Self.stepByteCount, buffer.count)]
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: room))
            if count > 0 {
                let bytes = UnsafeRawBufferPointer(rebasing: room.prefix(count))
                hash.update(bytes)
                total += Int64(count)
                filled += count
                try step(total, bytes)
            }
            if filled == buffer.count || count == 0 && filled > 0 {
                values.append(XXHash64.of(UnsafeRawBufferPointer(rebasing: buffer[..<filled])))
                filled = 0
            }
            if count == 0 { break }
        }
        let pieces = PieceChecksums(pieceByteCount: buffer.count, values: values)
        return Content(digest: hash.finish(), pieces: pieces, byteCount: total)
    }
}

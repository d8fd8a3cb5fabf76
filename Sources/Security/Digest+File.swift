#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A read that failed while a file was hashed.
public struct FileHashError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The `errno` of the failed `read`.
    public let code: Int32

    /// One sentence with the system's own words.
    public var description: String { "Reading the file failed: \(String(cString: strerror(code)))." }
}

extension Digest {
    /// The digest of some bytes in memory.
    public static func of(_ bytes: [UInt8]) -> Digest {
        var hash = ContentHash()
        hash.update(bytes)
        return hash.finish()
    }

    /// The digest of an open file, from its current offset to its end.
    ///
    /// Blocks while it reads: call it on a thread of your own, never on Swift's cooperative pool.
    /// - Parameters:
    ///   - descriptor: A descriptor open for reading; it stays open, its offset moves to the end.
    ///   - bufferByteCount: How much is read at once, in bytes; the memory this needs.
    ///   - progress: Called after each read with the count of bytes hashed so far. What it throws ends the hashing.
    /// - Throws: ``FileHashError`` when a read fails, and what `progress` throws.
    public static func ofFile(
        descriptor: Int32, bufferByteCount: Int = 1 << 20, progress: (Int64) throws -> Void = { _ in }
    ) throws -> Digest {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(4096, bufferByteCount), alignment: 4096)
        defer { buffer.deallocate() }
        var hash = ContentHash()
        var total: Int64 = 0
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                throw FileHashError(code: code)
            }
            if count == 0 { return hash.finish() }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            total += Int64(count)
            try progress(total)
        }
    }
}

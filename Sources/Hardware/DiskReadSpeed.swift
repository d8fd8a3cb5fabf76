import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How fast a file's bytes come from the disk, and not from memory.
public struct DiskReadSpeed: Sendable, Hashable, Codable {
    /// Bytes that were read.
    public var byteCount: Int64
    /// Seconds that it took.
    public var seconds: Double

    /// Bytes per second.
    public var bytesPerSecond: Double { seconds > 0 ? Double(byteCount) / seconds : 0 }

    /// Reads the beginning of a file past the page cache. Blocks for as long as that takes.
    ///
    /// Other programs' pages of the file are forgotten by the system, too, where it can be told so. A virtual disk may
    /// still be read from its host's memory.
    ///
    /// - Parameters:
    ///   - file: a file that is there; nothing in it is changed.
    ///   - limit: how many bytes at most, 256 MiB by default.
    /// - Throws: `CocoaError` when the file cannot be read.
    public static func measure(_ file: URL, limit: Int64 = 256 << 20) throws -> DiskReadSpeed {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        let descriptor = handle.fileDescriptor
        #if canImport(Darwin)
            _ = fcntl(descriptor, F_NOCACHE, 1)
        #else
            // What was written lately must be on the disk before its pages can be forgotten.
            _ = fdatasync(descriptor)
            _ = posix_fadvise(descriptor, 0, off_t(limit), POSIX_FADV_DONTNEED)
            _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        #endif
        var buffer = [UInt8](repeating: 0, count: 4 << 20)
        var total: Int64 = 0
        let start = ContinuousClock.now
        while total < limit {
            let count = read(descriptor, &buffer, Int(min(Int64(buffer.count), limit - total)))
            if count < 0 {
                if errno == EINTR { continue }
                throw CocoaError(.fileReadUnknown, userInfo: [NSFilePathErrorKey: file.path])
            }
            if count == 0 { break }
            total += Int64(count)
        }
        return DiskReadSpeed(byteCount: total, seconds: (ContinuousClock.now - start) / .seconds(1))
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that is open already, and only the system calls that a sandboxed worker may make on it: `lseek`, `pread`,
/// `pwrite`, `ftruncate`, `fsync`. It does not close the file.
package struct PackDescriptor: Sendable {
    let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// Bytes of the file. By `lseek`: glibc's `fstat` is another system call on newer kernels.
    package func byteCount() throws -> UInt64 {
        let end = lseek(rawValue, 0, SEEK_END)
        guard end >= 0 else { throw PackError.system(operation: "Reading", code: errno) }
        return UInt64(end)
    }

    /// Exactly `count` bytes from `offset`, which the caller has compared with the file's size.
    package func read(_ count: Int, at offset: UInt64) throws -> [UInt8] {
        guard count > 0 else { return [] }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            while initialized < count {
                let result = pread(
                    rawValue, bytes.baseAddress.map { $0 + initialized }, min(count - initialized, 1 << 30),
                    off_t(clamping: offset + UInt64(initialized)))
                if result < 0, errno == EINTR { continue }
                guard result >= 0 else { throw PackError.system(operation: "Reading", code: errno) }
                guard result > 0 else { throw PackError.corrupt(reason: "the file became shorter") }
                initialized += result
            }
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
        var written = 0
        while written < bytes.count {
            let result = pwrite(
                rawValue, bytes.baseAddress.map { $0 + written }, min(bytes.count - written, 1 << 30),
                off_t(clamping: offset + UInt64(written)))
            if result < 0, errno == EINTR { continue }
            guard result > 0 else {
                throw PackError.system(operation: "Writing", code: result < 0 ? errno : ENOSPC)
            }
            written += result
        }
    }

    func truncate(to byteCount: UInt64) throws {
        while ftruncate(rawValue, off_t(clamping: byteCount)) != 0 {
            guard errno == EINTR else { throw PackError.system(operation: "Writing", code: errno) }
        }
    }

    /// Returns when what was written is on the disk.
    package func synchronize() throws {
        while fsync(rawValue) != 0 {
            guard errno == EINTR else { throw PackError.system(operation: "Writing", code: errno) }
        }
    }

    /// The system's name of an error.
    static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}

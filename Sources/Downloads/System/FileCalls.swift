import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file system calls of this room; each throws ``DownloadError/io(path:operation:code:)`` with the system's `errno`.
enum FileCalls {
    /// Runs a call that answers −1 and `errno`, again while a signal interrupts it.
    @discardableResult
    static func retrying(_ operation: String, _ path: String, _ call: () -> Int) throws -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            switch code {
            case EINTR: continue
            case ENOSPC, EDQUOT:
                let available = (try? freeByteCount(at: path)) ?? 0
                throw DownloadError.noSpace(path: path, needed: available + 1, available: available)
            default: throw DownloadError.io(path: path, operation: operation, code: code)
            }
        }
    }

    /// Opens a regular file; never follows a link, so nothing planted in the folder leads elsewhere.
    static func openFile(_ path: String, flags: Int32) throws -> Int32 {
        let descriptor = try retrying("open", path) {
            Int(open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode_t(0o600)))
        }
        var facts = stat()
        guard fstat(Int32(descriptor), &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(Int32(descriptor))
            throw DownloadError.io(path: path, operation: "open as a regular file", code: EINVAL)
        }
        return Int32(descriptor)
    }

    /// Creates a folder and its parents, for this user only; one that is there already is fine.
    static func createFolder(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return }
        var code = errno
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if code == ENOENT, parent != path {
            try createFolder(parent)
            if mkdir(path, 0o700) == 0 { return }
            code = errno
        }
        if isFolder(path) { return }
        if code == EEXIST { code = ENOTDIR }
        throw DownloadError.io(path: path, operation: "create the folder", code: code)
    }

    /// Whether a folder is there.
    static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// The size of a regular file; `nil` when there is none.
    static func byteCount(of path: String) -> Int64? {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(facts.st_size)
    }

    /// Whether the name leads to anything.
    static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// All bytes of a regular file of at most `limit` bytes.
    static func readFile(_ path: String, limit: Int64) throws -> [UInt8] {
        let descriptor = try openFile(path, flags: O_RDONLY)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try retrying("read", path) {
                chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(bytes.count)) }
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard Int64(bytes.count) <= limit else {
                throw DownloadError.io(path: path, operation: "read", code: EFBIG)
            }
        }
    }

    /// Makes a file of these bytes, durable but for its name.
    static func writeFile(_ path: String, _ bytes: [UInt8]) throws {
        let descriptor = try openFile(path, flags: O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(descriptor) }
        try bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var done = 0
            while done < bytes.count {
                done += try retrying("write to", path) {
                    pwrite(descriptor, base + done, bytes.count - done, off_t(done))
                }
            }
        }
        try synchronizeAll(descriptor, path: path)
    }

    /// Puts `source` in the place of `target` in one step.
    static func move(_ source: String, to target: String) throws {
        do {
            try retrying("move to “\(target)” the file", source) { Int(rename(source, target)) }
        } catch DownloadError.io(_, _, EXDEV) {
            throw DownloadError.otherFileSystem(from: source, to: target)
        }
    }

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) throws {
        do {
            try retrying("remove", path) { Int(unlink(path)) }
        } catch DownloadError.io(_, _, ENOENT) {
            return
        }
    }

    /// Returns when a folder's entries are on the disk for good.
    static func synchronizeFolder(_ path: String) throws {
        let descriptor = Int32(try retrying("open the folder", path) { Int(open(path, O_RDONLY | O_CLOEXEC)) })
        defer { close(descriptor) }
        try retrying("synchronize the folder", path) { Int(fsync(descriptor)) }
    }

    /// Bytes that this user may still write where `path` is.
    static func freeByteCount(at path: String) throws -> Int64 {
        var facts = statvfs()
        try retrying("read the free space of", path) { Int(statvfs(path, &facts)) }
        let (free, overflow) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        return overflow ? .max : Int64(clamping: free)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A regular file opened for reading. The size is the open descriptor's, so a path that is swapped meanwhile
/// changes nothing.
struct ReadOnlyFile: ~Copyable {
    let path: String
    let byteCount: UInt64
    private let descriptor: Int32

    init(path: String, followingSymbolicLinks: Bool) throws(GGUFError) {
        // O_NONBLOCK: opening a pipe that nobody writes to must not hang; it has no effect on regular files.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingSymbolicLinks ? 0 : O_NOFOLLOW)
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw .unreadable(path: path, operation: "open", errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .unreadable(path: path, operation: "examine", errno: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notRegularFile(path: path)
        }
        self.path = path
        self.descriptor = descriptor
        byteCount = UInt64(clamping: status.st_size)
    }

    deinit { close(descriptor) }

    /// Maps the whole file, read only.
    func map() throws(GGUFError) -> GGUFStorage {
        let count = Int(clamping: byteCount)
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw .unreadable(path: path, operation: "map", errno: errno)
        }
        return GGUFStorage(owning: UnsafeRawBufferPointer(start: start, count: count)) { bytes in
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        }
    }

    /// Reads the first `count` bytes, or all when there are fewer.
    func read(_ count: Int) throws(GGUFError) -> GGUFStorage {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        var filled = 0
        while filled < count {
            let got = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(filled))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else {
                let code = errno
                buffer.deallocate()
                throw .unreadable(path: path, operation: "read", errno: code)
            }
            if got == 0 { break }
            filled += got
        }
        return GGUFStorage(owning: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<filled])) {
            $0.deallocate()
        }
    }
}

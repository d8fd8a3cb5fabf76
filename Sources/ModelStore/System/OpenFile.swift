#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open descriptor that closes itself. Its `flock` goes with it, also when the process is killed.
final class OpenFile: Sendable {
    let descriptor: Int32
    let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        // A process that is being started has a copy of the descriptor for a moment: closing ours is not enough.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Opens for reading. Does not wait for a pipe's other end.
    static func reading(_ path: String) throws -> OpenFile {
        try open(path, O_RDONLY | O_NONBLOCK, operation: "open")
    }

    /// Opens for reading and writing; creates it for this user only when it is not there.
    static func readingAndWriting(_ path: String) throws -> OpenFile {
        try open(path, O_RDWR | O_CREAT, operation: "open")
    }

    /// Creates for this user only; a file that is there already is an error.
    static func creating(_ path: String) throws -> OpenFile {
        try open(path, O_RDWR | O_CREAT | O_EXCL, operation: "create")
    }

    private static func open(_ path: String, _ flags: Int32, operation: String) throws -> OpenFile {
        let descriptor = try retrying(operation, path) {
            #if canImport(Glibc)
                Glibc.open(path, flags | O_CLOEXEC, 0o600)
            #elseif canImport(Musl)
                Musl.open(path, flags | O_CLOEXEC, 0o600)
            #else
                Darwin.open(path, flags | O_CLOEXEC, 0o600)
            #endif
        }
        return OpenFile(descriptor: descriptor, path: path)
    }

    func status() throws -> FileStatus {
        var status = stat()
        try retrying("read the facts of", path) { fstat(descriptor, &status) }
        return FileStatus(status)
    }

    /// Takes the file's lock for this descriptor if nobody has it.
    func tryLock() throws -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EWOULDBLOCK { return false }
            if code != EINTR { throw ModelStoreError.io(path: path, operation: "lock", errno: code) }
        }
        return true
    }

    /// Reads up to `buffer.count` bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try retrying("read", path) {
            #if canImport(Glibc)
                Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
        }
    }

    /// Reads from the current place to the end, at most `limit` bytes.
    func readAll(upTo limit: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        try bytes.withUnsafeMutableBytes { buffer in
            while count < limit {
                let read = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                if read == 0 { break }
                count += read
            }
        }
        return Array(bytes.prefix(count))
    }

    /// Writes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = try retrying("write to", path) {
                #if canImport(Glibc)
                    Glibc.write(descriptor, piece.baseAddress, piece.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, piece.baseAddress, piece.count)
                #else
                    Darwin.write(descriptor, piece.baseAddress, piece.count)
                #endif
            }
            rest = rest.dropFirst(count)
        }
    }

    func truncate() throws {
        try retrying("empty", path) { ftruncate(descriptor, 0) }
    }

    func rewind() throws {
        try retrying("read", path) { lseek(descriptor, 0, SEEK_SET) }
    }

    func setMode(_ mode: UInt16) throws {
        try retrying("set the permissions of", path) { fchmod(descriptor, mode_t(mode)) }
    }

    /// Returns when the content is on the disk for good.
    func synchronize() throws {
        #if canImport(Darwin)
            // fsync on Darwin leaves the data in the drive's cache; not every file system knows F_FULLFSYNC.
            if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        #endif
        try retrying("write to the disk", path) { fsync(descriptor) }
    }
}

/// Repeats a system call that a signal interrupted; its other failures become ``ModelStoreError/io(path:operation:errno:)``.
@discardableResult
func retrying<Result: BinaryInteger>(_ operation: String, _ path: String, _ call: () -> Result) throws -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw ModelStoreError.io(path: path, operation: operation, errno: code) }
    }
}

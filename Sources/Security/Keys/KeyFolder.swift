import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The open folder of keys, and the file calls in it.
final class KeyFolder: Sendable {
    let path: String
    private let descriptor: Int32

    /// `nil` when there is no folder and none is to be made.
    ///
    /// - Throws: `AccessKeyError.untrusted` when others may write in it, `.system`.
    convenience init?(_ url: URL, creating: Bool) throws(AccessKeyError) {
        let path = url.path
        if creating {
            // What stands in the way is told when the folder is opened.
            try? FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT, !creating { return nil }
        guard descriptor >= 0 else { throw .system(operation: "Opening the folder", path: path, code: errno) }
        self.init(path: path, descriptor: descriptor)
        guard let status = KeyFileStatus(descriptor: descriptor) else {
            throw .system(operation: "Examining", path: path, code: errno)
        }
        if let problem = status.folderProblem(path: path) { throw problem }
    }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The path of a file in it, for messages.
    func path(of name: String) -> String { path + "/" + name }

    /// Opens a file that others cannot use; `nil` when there is none. Never follows a link.
    func openFile(_ name: String) throws(AccessKeyError) -> KeyFileHandle? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP:
                throw .untrusted(path: path(of: name), reason: "it is a link", remedy: "rm '\(path(of: name))'")
            default: throw .system(operation: "Opening", path: path(of: name), code: errno)
            }
        }
        let handle = KeyFileHandle(descriptor: file)
        guard let status = handle.status else {
            throw .system(operation: "Examining", path: path(of: name), code: errno)
        }
        if let problem = status.fileProblem(path: path(of: name)) { throw problem }
        return handle
    }

    /// Holds the right to change the folder's file while `body` runs, among all processes.
    ///
    /// - Throws: `AccessKeyError.busy` when others hold it for a minute; what `body` throws.
    func locked<Value>(_ body: () throws -> Value) throws -> Value {
        let name = "access.lock"
        let file = openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode_t(0o600))
        guard file >= 0 else {
            throw AccessKeyError.system(operation: "Opening", path: path(of: name), code: errno)
        }
        defer {
            // A process that is being started has a copy of the descriptor for a moment: closing ours is not enough.
            _ = flock(file, LOCK_UN)
            close(file)
        }
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw AccessKeyError.system(operation: "Locking", path: path(of: name), code: errno)
            }
            guard ContinuousClock.now < deadline else { throw AccessKeyError.busy(path: path(of: name)) }
            usleep(5000)
        }
        return try body()
    }

    /// Puts a file of these bytes in the place of `name`, whole or not at all, and durably. Hold the lock.
    func replace(_ name: String, with bytes: [UInt8]) throws(AccessKeyError) {
        // Of a process that died here: the lock says that nobody writes it now.
        let draft = name + ".new"
        _ = unlinkat(descriptor, draft, 0)
        let file = openat(descriptor, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(0o600))
        guard file >= 0 else { throw .system(operation: "Making", path: path(of: draft), code: errno) }
        defer { close(file) }
        var code: Int32 = 0
        var written = 0
        while written < bytes.count, code == 0 {
            let count = bytes.withUnsafeBytes { write(file, $0.baseAddress?.advanced(by: written), $0.count - written) }
            if count >= 0 { written += count } else if errno != EINTR { code = errno }
        }
        if code == 0, fsync(file) != 0 { code = errno }
        if code == 0, renameat(descriptor, draft, descriptor, name) != 0 { code = errno }
        if code == 0, fsync(descriptor) != 0 { code = errno }
        guard code == 0 else {
            _ = unlinkat(descriptor, draft, 0)
            throw .system(operation: "Writing", path: path(of: name), code: code)
        }
    }
}

/// An open file of keys.
final class KeyFileHandle: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// What the system says of it; `nil` when it does not.
    var status: KeyFileStatus? { KeyFileStatus(descriptor: descriptor) }

    /// All of it; `nil` when it has more than `limit` bytes. Throws the `errno` of a read that fails.
    func read(limit: Int) throws(KeyReadError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(bytes.count)) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw KeyReadError(code: errno)
            }
            bytes += chunk[..<count]
            if bytes.count > limit { return nil }
        }
    }
}

/// The `errno` of a read.
struct KeyReadError: Error {
    let code: Int32
}

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files of the database, for this user only.
///
/// An existing database is never opened here: closing any descriptor of a file gives up the locks that this process'
/// SQLite connections have on it (POSIX `fcntl` locks).
struct HistoryFile: Sendable {
    let path: String
    /// How long another process may make or change the database.
    private static let patience = 60.0

    /// Makes an empty file when there is none, and locks out other processes that do the same.
    ///
    /// Throws `ChatHistoryError.io`, `.busy`.
    func prepare() throws -> Lock {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ChatHistoryError.io(path: folder, operation: "create the folder", reason: "the system refuses it")
        }
        let lock = try Lock(path: path + ".lock")
        do {
            // SQLite gives its other files the mode of the first one.
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 {
                close(descriptor)
            } else if errno != EEXIST {
                throw Self.failure("create", path)
            }
            try restrict()
            return lock
        } catch {
            lock.release()
            throw error
        }
    }

    /// Takes permissions away from other users, where they have any.
    ///
    /// Throws `ChatHistoryError.io`.
    func restrict() throws {
        for name in [path, path + "-wal", path + "-shm"] {
            var status = stat()
            guard lstat(name, &status) == 0 else {
                if errno == ENOENT { continue }
                throw Self.failure("read the facts of", name)
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw ChatHistoryError.io(path: name, operation: "open", reason: "it is no regular file")
            }
            guard status.st_mode & 0o177 != 0 else { continue }
            // A file of the log may go at any time, with the last process that used it.
            guard chmod(name, status.st_mode & 0o600) == 0 || errno == ENOENT else {
                throw Self.failure("set the permissions of", name)
            }
        }
    }

    private static func failure(_ operation: String, _ path: String) -> ChatHistoryError {
        .io(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }

    /// The right to make or change the database, until it is released or the process ends.
    final class Lock: Sendable {
        private let descriptor: Int32

        fileprivate init(path: String) throws {
            descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw HistoryFile.failure("open", path) }
            let started = ContinuousClock.now
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else {
                    let error = HistoryFile.failure("lock", path)
                    close(descriptor)
                    throw error
                }
                guard ContinuousClock.now - started < .seconds(HistoryFile.patience) else {
                    close(descriptor)
                    throw ChatHistoryError.busy(path: path)
                }
                usleep(20_000)
            }
        }

        /// Lets others. Called once.
        func release() { close(descriptor) }
    }
}

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The claim of one server on a home directory: a locked `roost.lock`, and `roost.json` for those who look for it.
///
/// The kernel drops the lock when the process ends in whatever way, so a stale lock cannot exist; a stale record can,
/// and the next server replaces it.
final class RunDirectory: Sendable {
    static let recordName = "roost.json"
    static let lockName = "roost.lock"
    static let socketName = "roost.sock"

    private let directory: URL
    private let lockDescriptor: Int32

    /// The `run` folder of a home directory.
    static func url(in home: URL) -> URL { home.appending(path: "run", directoryHint: .isDirectory) }

    /// Claims the directory, creating it with mode 0700 when missing.
    ///
    /// Throws `RoostServerError.alreadyRunning` when another process has it, `.runDirectory` when files cannot be made.
    static func claim(_ directory: URL) throws -> RunDirectory {
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw RoostServerError.runDirectory(
                path: directory.path, operation: "Creating", reason: error.localizedDescription)
        }
        try makePrivate(directory.path)
        let lockPath = directory.appending(path: lockName).path
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw RoostServerError.runDirectory(path: lockPath, operation: "Opening", reason: lastError)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let held = errno == EWOULDBLOCK
            let reason = lastError
            close(descriptor)
            guard held else {
                throw RoostServerError.runDirectory(path: lockPath, operation: "Locking", reason: reason)
            }
            let other = RunningServer.recorded(inHome: directory.deletingLastPathComponent())
            throw RoostServerError.alreadyRunning(pid: other?.pid, address: other?.baseURL, lockPath: lockPath)
        }
        return RunDirectory(directory: directory, lockDescriptor: descriptor)
    }

    /// Who can write in the folder can put a socket or a record of their own there, and read what is sent to it: one that
    /// was there before, from a backup or of a shared group, is made this person's alone.
    private static func makePrivate(_ path: String) throws {
        let owner: NSNumber?
        let mode: NSNumber?
        do {
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            owner = facts[.ownerAccountID] as? NSNumber
            mode = facts[.posixPermissions] as? NSNumber
        } catch {
            throw RoostServerError.runDirectory(
                path: path, operation: "Examining", reason: error.localizedDescription)
        }
        guard let owner, let mode, owner.uint32Value == geteuid() else {
            throw RoostServerError.runDirectory(
                path: path, operation: "Trusting", reason: "it belongs to another user, who could write in it")
        }
        // A file system that keeps no modes takes no notice of this one, and keeps nobody out anyway.
        guard mode.intValue & 0o022 == 0 || chmod(path, 0o700) == 0 else {
            throw RoostServerError.runDirectory(
                path: path, operation: "Trusting", reason: "others may write in it (\(lastError))")
        }
    }

    private init(directory: URL, lockDescriptor: Int32) {
        self.directory = directory
        self.lockDescriptor = lockDescriptor
    }

    deinit {
        close(lockDescriptor)
    }

    /// Writes the record with mode 0600, whole or not at all.
    func write(_ record: RunningServer) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let data = try encoder.encode(record) + Data("\n".utf8)
        let target = directory.appending(path: Self.recordName).path
        let temporary = target + ".\(getpid())"
        // Of a process of this number that died here, or somebody else's.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw RoostServerError.runDirectory(path: temporary, operation: "Creating", reason: Self.lastError)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: data)
            try handle.synchronize()
        } catch {
            unlink(temporary)
            throw RoostServerError.runDirectory(
                path: temporary, operation: "Writing", reason: error.localizedDescription)
        }
        guard rename(temporary, target) == 0 else {
            let reason = Self.lastError
            unlink(temporary)
            throw RoostServerError.runDirectory(path: target, operation: "Writing", reason: reason)
        }
    }

    /// Where the server's socket belongs.
    var socketPath: String { directory.appending(path: Self.socketName).path }

    /// Removes the socket.
    func removeSocket() {
        unlink(socketPath)
    }

    /// Removes the record; the lock goes with the value.
    func removeRecord() {
        unlink(directory.appending(path: Self.recordName).path)
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

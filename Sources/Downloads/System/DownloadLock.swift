#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The right to fill one partial file: an advisory lock that the system releases when its holder dies.
final class DownloadLock: Sendable {
    private let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { Self.release(descriptor) }

    /// A process that is being started at this moment has a copy of the descriptor until it runs its own program:
    /// closing ours alone would leave the lock held until then.
    private static func release(_ descriptor: Int32) {
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Whether someone holds the lock now.
    static func isHeld(_ path: String) -> Bool {
        guard let descriptor = try? FileCalls.openFile(path, flags: O_RDONLY) else { return false }
        defer { release(descriptor) }
        // Shared: two that look at the same time do not see each other.
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// The lock, also when whoever looks at it or writes beside it holds it for a moment; `nil` when it stays held.
    /// Blocks for 100 ms then, and for ten seconds at most.
    static func acquireSoon(_ path: String) throws -> DownloadLock? {
        let deadline = ContinuousClock.now + .seconds(10)
        var refusalCount = 0
        while refusalCount < 20, ContinuousClock.now < deadline {
            if let lock = try acquire(path) { return lock }
            // Who only looks goes by itself, however long a busy machine keeps it from that.
            if isHeld(path) { refusalCount += 1 }
            usleep(5000)
        }
        return nil
    }

    /// The lock; `nil` while another download, in this process or another one, holds it.
    static func acquire(_ path: String) throws -> DownloadLock? {
        while true {
            let descriptor = try FileCalls.openFile(path, flags: O_RDWR | O_CREAT)
            let lock = DownloadLock(path: path, descriptor: descriptor)
            do {
                try FileCalls.retrying("lock", path) { Int(flock(descriptor, LOCK_EX | LOCK_NB)) }
            } catch DownloadError.io(_, _, EWOULDBLOCK) {
                return nil
            }
            // The holder before us may have removed the file between our open and our lock: then the name leads
            // to another file, or to none, and this lock would exclude nobody.
            var (mine, named) = (stat(), stat())
            if fstat(descriptor, &mine) == 0, lstat(path, &named) == 0,
                mine.st_ino == named.st_ino, mine.st_dev == named.st_dev
            {
                return lock
            }
        }
    }

    /// Removes the lock's file, for a download that is over; call it while the lock is held.
    func removeFile() { unlink(path) }
}

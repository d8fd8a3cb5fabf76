#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system says of the file or folder of keys: whether it may be trusted, and whether it is still the same.
struct KeyFileStatus: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let mode: UInt32
    private let owner: UInt32
    private let byteCount: Int64
    /// Nanoseconds since 1970 of the last change of content.
    private let contentChange: Int64
    /// Nanoseconds since 1970 of the last change of anything.
    private let change: Int64

    /// What the system says of a name.
    enum Finding: Sendable, Hashable {
        case found(KeyFileStatus)
        /// There is no such file.
        case absent
        /// It cannot be told.
        case unknown
    }

    /// Of an open file or folder; `nil` when the system does not say.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of a name: a link itself and not what it leads to.
    static func find(_ path: String) -> Finding {
        var status = stat()
        if lstat(path, &status) == 0 { return .found(Self(status)) }
        return errno == ENOENT ? .absent : .unknown
    }

    private init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        mode = UInt32(status.st_mode)
        owner = status.st_uid
        byteCount = Int64(status.st_size)
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        #if canImport(Darwin)
            contentChange = nanoseconds(status.st_mtimespec)
            change = nanoseconds(status.st_ctimespec)
        #else
            contentChange = nanoseconds(status.st_mtim)
            change = nanoseconds(status.st_ctim)
        #endif
    }

    /// Why the file must not be used, and the command that mends it; as ssh has it, others may not even read it.
    func fileProblem(path: String) -> AccessKeyError? {
        if mode & UInt32(S_IFMT) != UInt32(S_IFREG) {
            return untrusted(path, "it is not a regular file", "rm '\(path)'")
        }
        if let problem = ownerProblem(path) { return problem }
        if mode & 0o077 != 0 { return untrusted(path, "others may use it (mode \(octal))", "chmod 600 '\(path)'") }
        return nil
    }

    /// Why the folder must not be used, and the command that mends it: who can write in it can put another file there.
    func folderProblem(path: String) -> AccessKeyError? {
        if let problem = ownerProblem(path) { return problem }
        if mode & 0o022 != 0 { return untrusted(path, "others may write in it (mode \(octal))", "chmod 700 '\(path)'") }
        return nil
    }

    private func ownerProblem(_ path: String) -> AccessKeyError? {
        owner == geteuid() ? nil : untrusted(path, "it belongs to another user", "chown \(geteuid()) '\(path)'")
    }

    private func untrusted(_ path: String, _ reason: String, _ remedy: String) -> AccessKeyError {
        .untrusted(path: path, reason: reason, remedy: remedy)
    }

    private var octal: String { String(mode & 0o7777, radix: 8) }
}

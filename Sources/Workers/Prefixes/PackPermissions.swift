#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the system says about a file that Roost keeps secrets or prompts in, and whether it may be trusted.
struct PackPermissions {
    let isRegular: Bool
    let isFolder: Bool
    let isOwn: Bool
    let mode: UInt32
    let linkCount: Int
    let byteCount: Int64
    let device: UInt64
    let inode: UInt64
    /// When it was written or used last, in nanoseconds since 1970.
    let lastUse: Int64

    /// Of an open file; `nil` when the system does not say.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of a name in an open folder, a link itself and not what it leads to; `nil` when there is none.
    init?(folder: Int32, name: String) {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        isOwn = status.st_uid == geteuid()
        mode = UInt32(status.st_mode & 0o7777)
        linkCount = Int(status.st_nlink)
        byteCount = Int64(status.st_size)
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        lastUse = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Why a file must not be used; `nil` when it may.
    var problem: String? {
        linkCount == 1 ? linkedProblem : "it has \(linkCount) names"
    }

    /// The same for a file that has a second name while it is being made.
    var linkedProblem: String? {
        if !isRegular { return "it is not a regular file" }
        if !isOwn { return "it belongs to another user" }
        if mode & 0o077 != 0 { return "others may use it (mode \(String(mode, radix: 8)))" }
        return nil
    }

    /// Why a folder must not be used; `nil` when it may.
    var folderProblem: String? {
        if !isFolder { return "it is not a folder" }
        if !isOwn { return "it belongs to another user" }
        if mode & 0o022 != 0 { return "others may write in it (mode \(String(mode, radix: 8)))" }
        return nil
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What `stat` says of a file, as far as the store needs it.
struct FileStatus: Sendable, Hashable {
    let device: UInt64
    let inode: UInt64
    let byteCount: Int64
    /// Last change of content, nanoseconds since 1970.
    let modifiedAt: Int64
    let owner: UInt32
    /// Permission bits.
    let mode: UInt16
    /// How many names the file has.
    let linkCount: UInt64
    let kind: Kind

    enum Kind: Sendable, Hashable {
        case file, folder, pipe, socket, device, link, other

        /// The kind in a sentence.
        var text: String {
            switch self {
            case .file: "a file"
            case .folder: "a folder"
            case .pipe: "a pipe"
            case .socket: "a socket"
            case .device: "a device"
            case .link: "a symbolic link"
            case .other: "something else"
            }
        }
    }

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        byteCount = Int64(status.st_size)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modifiedAt = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        owner = UInt32(status.st_uid)
        mode = UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
        linkCount = UInt64(status.st_nlink)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFBLK, S_IFCHR: .device
            case S_IFLNK: .link
            default: .other
            }
    }

    /// Whether the content is still what it was when `other` was taken, as far as size, time and identity tell.
    func isSameContent(as other: FileStatus) -> Bool {
        isSameFile(as: other) && byteCount == other.byteCount && modifiedAt == other.modifiedAt
    }

    /// Whether both are one file, under whatever names.
    func isSameFile(as other: FileStatus) -> Bool {
        device == other.device && inode == other.inode
    }
}

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file system calls that the store needs beyond an open file; each throws ``ModelStoreError/io(path:operation:errno:)``.
enum FileSystem {
    /// The status of what `path` leads to, or of a link itself; `nil` when there is nothing.
    static func status(of path: String, followingLinks: Bool = true) throws -> FileStatus? {
        var status = stat()
        do {
            try retrying("read the facts of", path) {
                followingLinks ? stat(path, &status) : lstat(path, &status)
            }
        } catch ModelStoreError.io(_, _, ENOENT) {
            return nil
        }
        return FileStatus(status)
    }

    /// Creates a folder for this user only; one that is there already is fine.
    static func createFolder(_ path: String) throws {
        do {
            try retrying("create the folder", path) { mkdir(path, 0o700) }
        } catch ModelStoreError.io(_, _, EEXIST) {
            guard let status = try status(of: path), status.kind == .folder else {
                throw ModelStoreError.io(path: path, operation: "create the folder", errno: ENOTDIR)
            }
        }
    }

    /// Creates a folder and the folders above it that are missing.
    static func createFolders(_ path: String) throws {
        var missing: [String] = []
        var folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
        while try status(of: folder.path) == nil, folder.path != "/" {
            missing.append(folder.path)
            folder = folder.deletingLastPathComponent()
        }
        for path in missing.reversed() { try createFolder(path) }
    }

    /// Takes permissions away from other users, where they have any.
    static func restrict(_ path: String, to allowed: UInt16) throws {
        guard let status = try status(of: path), status.mode & ~allowed != 0 else { return }
        try retrying("set the permissions of", path) { chmod(path, mode_t(status.mode & allowed)) }
    }

    /// Puts `source` in the place of `target` in one step.
    static func rename(_ source: String, to target: String) throws {
        try retrying("rename to “\(target)” the file", source) {
            #if canImport(Glibc)
                Glibc.rename(source, target)
            #elseif canImport(Musl)
                Musl.rename(source, target)
            #else
                Darwin.rename(source, target)
            #endif
        }
    }

    /// Writes a small file for this user only, in the place of one that is there.
    static func writeFile(_ path: String, _ bytes: [UInt8]) throws {
        try unlinkFile(path)
        let file = try OpenFile.creating(path)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.synchronize()
    }

    /// Removes a file; one that is not there is fine. Says whether it was there.
    @discardableResult
    static func unlinkFile(_ path: String) throws -> Bool {
        do {
            try retrying("remove", path) { unlink(path) }
            return true
        } catch ModelStoreError.io(_, _, ENOENT) {
            return false
        }
    }

    /// Removes an empty folder; one that is not there is fine.
    static func removeFolder(_ path: String) throws {
        do {
            try retrying("remove the folder", path) { rmdir(path) }
        } catch ModelStoreError.io(_, _, ENOENT) {
            return
        }
    }

    /// Returns when the folder's entries are on the disk for good.
    static func synchronizeFolder(_ path: String) throws {
        try OpenFile.reading(path).synchronize()
    }

    /// Bytes that this user may still write where `path` is.
    static func freeByteCount(at path: String) throws -> Int64 {
        var status = statvfs()
        try retrying("read the free space of", path) { statvfs(path, &status) }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }

    /// The names in a folder, sorted, without “.” and “..”.
    static func names(in path: String) throws -> [String] {
        guard let stream = opendir(path) else {
            throw ModelStoreError.io(path: path, operation: "list", errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(decodingCString: $0, as: UTF8.self)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Gives `target` the content of `source` without copying, shared until one side writes. `false` where the file
    /// system cannot.
    static func clone(_ source: OpenFile, to target: String) throws -> Bool {
        #if canImport(Darwin)
            return fclonefileat(source.descriptor, AT_FDCWD, target, 0) == 0
        #else
            let file = try OpenFile.creating(target)
            // FICLONE of linux/fs.h, _IOW(0x94, 9, int): not in the C library's headers.
            if ioctl(file.descriptor, 0x4004_9409, source.descriptor) == 0 { return true }
            try unlinkFile(target)
            return false
        #endif
    }

    /// Gives the file at `source` a second name. `false` where the file system or its rules do not allow it.
    static func hardLink(_ source: String, to target: String) throws -> Bool {
        if link(source, target) == 0 { return true }
        let code = errno
        if [EXDEV, EPERM, EACCES, EMLINK, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(code) { return false }
        throw ModelStoreError.io(path: source, operation: "link", errno: code)
    }

    /// The path without symbolic links.
    static func resolved(_ path: String) throws -> String {
        guard let pointer = realpath(path, nil) else {
            throw ModelStoreError.io(path: path, operation: "open", errno: errno)
        }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}

public import Foundation
public import Inference
import Security

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder in which prefixes outlive the process (`cache/prefixes`): one pack for each ``PackKey``, named by its
/// digest. For the process that owns it; a worker gets descriptors only.
///
/// Several processes may use it at once: a pack appears whole or not at all, a reader keeps what it opened, and who
/// removes holds a lock. All calls block for as long as the disk takes.
///
/// ```swift
/// let folder = try PackFolder(at: url, byteLimit: 4 << 30)
/// let existing = try folder.open(key, secret: secret)      // for the worker to read
/// let draft = try folder.create(key)                        // for the worker to write
/// try draft.commit(secret: secret)
/// ```
public final class PackFolder: Sendable {
    /// Where it is.
    public let url: URL
    /// Most bytes of all packs together; the least recently used go first.
    public let byteLimit: Int64
    let descriptor: Int32

    private static let lockName = ".lock"
    private static let draftSuffix = ".part"

    /// Opens the folder, and creates it with mode 0700 when it is missing.
    ///
    /// - Throws: `PackError.untrusted` when it belongs to somebody else or others may write in it, `.system`.
    public init(at url: URL, byteLimit: Int64) throws {
        self.url = url
        self.byteLimit = max(0, byteLimit)
        try? FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        descriptor = Self.system { openFile(url.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else {
            if errno == ELOOP || errno == ENOTDIR {
                throw PackError.untrusted(path: url.path, reason: "it is not a folder")
            }
            throw PackError.system(operation: "Opening the folder of", code: errno)
        }
        // From here on deinit closes it.
        if let problem = PackPermissions(descriptor: descriptor)?.folderProblem {
            throw PackError.untrusted(path: url.path, reason: problem)
        }
    }

    deinit { close(descriptor) }

    private static func name(of key: PackKey) -> String { key.digest.hexadecimal + ".pack" }

    // MARK: Reading

    /// The pack of `key`, open for reading, its index verified, and marked as used now; `nil` when there is none.
    ///
    /// What is there but is no sound pack of this key and secret is removed.
    ///
    /// - Throws: `PackError.system`; `.untrusted` when something is there that cannot be removed.
    public func open(_ key: PackKey, secret: PackSecret) throws -> PackHandle? {
        let name = Self.name(of: key)
        // Not blocking: a pipe of that name must not stop us.
        let file = Self.system {
            openFile(at: descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        }
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            let code = errno
            guard let found = PackPermissions(folder: descriptor, name: name) else { return nil }
            // A link, or what we may not even read: no pack of ours.
            guard !found.isRegular || found.problem != nil || code == EACCES else {
                throw PackError.system(operation: "Opening", code: code)
            }
            try remove(name, ifStill: found)
            return nil
        }
        let handle = PackHandle(descriptor: file)
        guard let found = PackPermissions(descriptor: file) else {
            throw PackError.system(operation: "Opening", code: errno)
        }
        do {
            if let problem = found.problem { throw PackError.corrupt(reason: problem) }
            _ = try PackReader(descriptor: file, key: key, secret: secret)
        } catch PackError.system(let operation, let code) {
            throw PackError.system(operation: operation, code: code)
        } catch {
            try remove(name, ifStill: found)
            return nil
        }
        // The time orders packs by use; that it could not be set costs the order and nothing else.
        _ = futimens(file, nil)
        return handle
    }

    /// Removes the pack of `key`, if there is one.
    ///
    /// - Throws: `PackError.system`, `.untrusted`.
    public func remove(_ key: PackKey) throws {
        let name = Self.name(of: key)
        guard let found = PackPermissions(folder: descriptor, name: name) else { return }
        try remove(name, ifStill: found)
    }

    /// Bytes of all packs.
    ///
    /// - Throws: `PackError.system`.
    public func byteCount() throws -> Int64 { try withLock { try packs().reduce(0) { $0 + $1.file.byteCount } } }

    // MARK: Writing

    /// A new file beside the packs, for ``PackDraft/commit(secret:)`` to put in place of the present pack of `key`.
    ///
    /// - Throws: `PackError.system`.
    public func create(_ key: PackKey) throws -> PackDraft {
        try withLock {
            let name = ".\(key.digest.hexadecimal).\(UUID().uuidString)\(Self.draftSuffix)"
            let file = Self.system {
                openFile(at: descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            }
            guard file >= 0 else { throw PackError.system(operation: "Creating", code: errno) }
            // Shows that it is in use, for as long as somebody has the descriptor, a worker too.
            _ = flock(file, LOCK_EX | LOCK_NB)
            return PackDraft(folder: self, key: key, name: name, descriptor: file)
        }
    }

    /// Puts a draft in its place and makes room for it.
    func place(_ draftName: String, of key: PackKey) throws {
        let name = Self.name(of: key)
        try withLock {
            guard renameat(descriptor, draftName, descriptor, name) == 0 else {
                throw PackError.system(operation: "Placing", code: errno)
            }
            _ = fsync(descriptor)
            try makeRoom(keeping: name)
        }
    }

    func removeDraft(_ name: String) { _ = unlinkat(descriptor, name, 0) }

    /// Removes the least recently used packs until the rest fits, and drafts whose writers are gone.
    ///
    /// - Throws: `PackError.system`.
    public func makeRoom() throws { try withLock { try makeRoom(keeping: nil) } }

    private func makeRoom(keeping kept: String?) throws {
        removeAbandonedDrafts()
        var packs = try packs().sorted { ($0.file.lastUse, $0.name) < ($1.file.lastUse, $1.name) }
        var total = packs.reduce(0) { $0 + $1.file.byteCount }
        packs.removeAll { $0.name == kept }
        for pack in packs where total > byteLimit {
            if unlinkat(descriptor, pack.name, 0) == 0 { total -= pack.file.byteCount }
        }
    }

    private func removeAbandonedDrafts() {
        for name in names() where name.hasSuffix(Self.draftSuffix) {
            let file = openFile(at: descriptor, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { continue }
            if flock(file, LOCK_EX | LOCK_NB) == 0 { removeDraft(name) }
            close(file)
        }
    }

    // MARK: The folder itself

    private func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] }

    private func packs() throws -> [(name: String, file: PackPermissions)] {
        names().filter { $0.hasSuffix(".pack") }.compactMap { name in
            PackPermissions(folder: descriptor, name: name).flatMap { $0.isRegular ? (name, $0) : nil }
        }
    }

    /// Removes what was found under a name, unless another process has put something else there meanwhile.
    private func remove(_ name: String, ifStill found: PackPermissions) throws {
        try withLock {
            guard let now = PackPermissions(folder: descriptor, name: name), now.inode == found.inode,
                now.device == found.device
            else { return }
            guard unlinkat(descriptor, name, now.isFolder ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT else {
                throw PackError.untrusted(
                    path: url.appending(path: name).path, reason: "it is no pack and cannot be removed")
            }
        }
    }

    private func withLock<R>(_ body: () throws -> R) throws -> R {
        let lock = Self.system {
            openFile(at: descriptor, Self.lockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard lock >= 0 else { throw PackError.system(operation: "Locking the folder of", code: errno) }
        defer { close(lock) }
        guard Self.system({ flock(lock, LOCK_EX) }) == 0 else {
            throw PackError.system(operation: "Locking the folder of", code: errno)
        }
        return try body()
    }

    /// Repeats a call that a signal broke off.
    static func system(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}

/// `open`, which the class's own method of that name hides.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }

private func openFile(at folder: Int32, _ name: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    openat(folder, name, flags, mode)
}

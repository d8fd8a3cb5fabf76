public import Inference

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pack that is being written beside the others. Removed with the last reference unless it was committed.
public final class PackDraft: Sendable {
    /// For `pwrite`; a worker gets a copy.
    public let descriptor: Int32
    /// What it is for.
    public let key: PackKey
    private let folder: PackFolder
    private let name: String

    init(folder: PackFolder, key: PackKey, name: String, descriptor: Int32) {
        self.folder = folder
        self.key = key
        self.name = name
        self.descriptor = descriptor
    }

    deinit {
        // After a commit there is no such name any more.
        folder.removeDraft(name)
        close(descriptor)
    }

    /// Puts it in place of the present pack of its key, when it is whole and within the folder's limit.
    ///
    /// - Throws: `PackError`: `.corrupt` when it was not finished, `.tooLarge`, `.system`.
    public func commit(secret: PackSecret) throws {
        let file = PackDescriptor(rawValue: descriptor)
        let byteCount = Int64(clamping: try file.byteCount())
        guard byteCount <= folder.byteLimit else {
            throw PackError.tooLarge(byteCount: byteCount, limit: folder.byteLimit)
        }
        _ = try PackReader(descriptor: descriptor, key: key, secret: secret)
        try file.synchronize()
        try folder.place(name, of: key)
    }
}

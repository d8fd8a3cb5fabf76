public import Foundation
public import Inference

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension PackSecret {
    /// The secret in the file at `url`, made and written there with mode 0600 when there is none. Safe with several
    /// processes at once: all get the same.
    ///
    /// - Throws: `PackError.untrusted` when others may read the file, it is not ours, or does not hold 32 bytes;
    ///   `.system`.
    public static func stored(at url: URL) throws -> PackSecret {
        if let secret = try read(url) { return secret }
        let secret = PackSecret()
        let draft = url.path + "." + UUID().uuidString
        let file = open(draft, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw PackError.system(operation: "Making the secret of", code: errno) }
        defer {
            close(file)
            unlink(draft)
        }
        let descriptor = PackDescriptor(rawValue: file)
        try secret.bytes.withUnsafeBytes { try descriptor.write($0, at: 0) }
        try descriptor.synchronize()
        // Unlike a rename, a link does not replace what another process made meanwhile.
        if link(draft, url.path) == 0 { return secret }
        guard errno == EEXIST, let other = try read(url) else {
            throw PackError.system(operation: "Making the secret of", code: errno)
        }
        return other
    }

    private static func read(_ url: URL) throws -> PackSecret? {
        let file = open(url.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP { throw PackError.untrusted(path: url.path, reason: "it is a link") }
            throw PackError.system(operation: "Reading the secret of", code: errno)
        }
        defer { close(file) }
        guard let found = PackPermissions(descriptor: file) else {
            throw PackError.system(operation: "Reading the secret of", code: errno)
        }
        if let problem = found.linkedProblem { throw PackError.untrusted(path: url.path, reason: problem) }
        guard found.byteCount == 32, let secret = PackSecret(try PackDescriptor(rawValue: file).read(32, at: 0)) else {
            throw PackError.untrusted(path: url.path, reason: "it has \(found.byteCount) bytes instead of 32")
        }
        return secret
    }
}

public import Foundation
import Inference

/// Where computed prompts outlive their models: a folder and the secret of this installation.
///
/// ```swift
/// let store = try PrefixStore(
///     folder: home.appending(path: "cache/prefixes"), secret: home.appending(path: "keys/prefixes"), byteLimit: 4 << 30)
/// ```
public final class PrefixStore: Sendable {
    private let folder: PackFolder
    private let secret: PackSecret

    /// Opens the folder and reads the secret; makes what is missing, for its owner alone.
    ///
    /// - Parameter byteLimit: most bytes of all models' prompts; the least recently used go first.
    /// - Throws: `PackError` when either is not to be trusted (another's, or open to others), or cannot be made.
    public init(folder: URL, secret: URL, byteLimit: Int64) throws {
        try FileManager.default.createDirectory(
            at: secret.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        self.folder = try PackFolder(at: folder, byteLimit: byteLimit)
        self.secret = try PackSecret.stored(at: secret)
    }

    /// The same for the same adapter file: where it is, how long it is, and when it was written.
    static func identity(of file: URL) -> String {
        let path = file.resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(path) \(attributes?[.size] ?? "unknown") \(time)"
    }

    /// The files of one model that is about to be loaded; `nil` when its prompts cannot be kept: without an identity, or
    /// when the folder fails. A model goes without then.
    func lease(identity: String, options: LoadOptions, adapters: [String]) -> PrefixLease? {
        guard !identity.isEmpty, options.prefixByteLimit > 0 else { return nil }
        let key = PackKey(identity: identity, options: options, adapters: adapters)
        guard let draft = try? folder.create(key) else { return nil }
        return PrefixLease(key: key, secret: secret, saved: try? folder.open(key, secret: secret), draft: draft)
    }
}

/// The open files of one model's computed prompts, for one life of it.
final class PrefixLease: Sendable {
    let key: PackKey
    let secret: PackSecret
    let saved: PackHandle?
    private let draft: PackDraft

    init(key: PackKey, secret: PackSecret, saved: PackHandle?, draft: PackDraft) {
        self.key = key
        self.secret = secret
        self.saved = saved
        self.draft = draft
    }

    /// For a worker: the saved prompts, if there are any, then the draft.
    var descriptors: [Int32] { [saved?.descriptor, draft.descriptor].compactMap { $0 } }

    /// For a model in this process.
    var persistence: PrefixPersistence {
        PrefixPersistence(key: key, secret: secret, saved: saved?.descriptor, draft: draft.descriptor) { [self] in
            commit()
        }
    }

    /// The draft takes the place of what was saved, when it is whole; otherwise nothing changes.
    func commit() { try? draft.commit(secret: secret) }
}

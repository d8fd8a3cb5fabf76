public import ModelHubs
public import ModelStore

/// What a download would do: made without fetching any weights.
public struct DownloadPlan: Sendable, Hashable {
    /// What happens for a file.
    public enum Action: Sendable, Hashable {
        /// The store has this content already.
        case keep
        /// Another program keeps it here: its file is linked, or copied from another file system.
        case adopt(LocalContent)
        /// It comes over the network.
        case fetch
    }

    /// One file of the plan.
    public struct File: Sendable, Hashable {
        /// The file as its hub tells of it.
        public let file: ModelFile
        /// What happens for it.
        public let action: Action
    }

    /// The name under which the store will have it.
    public let name: ModelName
    /// What the name was found to mean.
    public let model: ResolvedModel
    /// The files, the weights first and in order.
    public let files: [File]
    /// A text that its hub keeps without a digest; it is read with the model, and its absence is no failure.
    let licenseFile: ModelFile?
    /// Whether the store has all of it under this name already.
    public let isComplete: Bool
    /// Bytes free where new content goes.
    public let freeByteCount: Int64?

    /// Bytes to fetch over the network; a file of unknown size counts as 0, see ``hasUnknownSize``.
    public var fetchByteCount: Int64 {
        files.reduce(0) { $1.action == .fetch ? $0 &+ ($1.file.byteCount ?? 0) : $0 }
    }

    /// Whether the size of a file to fetch is not known before.
    public var hasUnknownSize: Bool { files.contains { $0.action == .fetch && $0.file.byteCount == nil } }

    /// The size of all files in bytes; `nil` when one is not known.
    public var byteCount: Int64? { model.byteCount }
}

/// A content that another program keeps on this machine.
public struct LocalContent: Sendable, Hashable {
    /// Whose folder it is in.
    public let store: LocalStoreIdentifier
    /// The file, links resolved.
    public let path: String
}

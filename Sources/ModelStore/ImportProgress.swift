/// How far an import or a verification is.
public struct ImportProgress: Sendable, Hashable {
    /// What is being done.
    public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
        /// The file's header is read and checked.
        case validating
        /// The content is read for its SHA-256.
        case hashing
        /// The content is copied and hashed in one pass.
        case copying
        /// The content is written to the disk for good and entered in the database.
        case committing
    }

    /// What is being done.
    public let phase: Phase
    /// Bytes done in this phase; never goes back within a phase.
    public let completed: Int64
    /// Bytes to do in this phase.
    public let total: Int64

    /// A state of an import.
    public init(phase: Phase, completed: Int64, total: Int64) {
        self.phase = phase
        self.completed = completed
        self.total = total
    }
}

/// How an import gets the content into the store.
public enum ImportLinking: String, Sendable, Hashable, Codable, CaseIterable {
    /// The cheapest way that is sound: a clone (reflink) that shares blocks until one side writes; else a hard link,
    /// when the file is on the same file system, belongs to this user and nobody else may write to it; else a copy.
    ///
    /// A hard link is the same file under a second name: whoever writes into the source *in place* changes the model
    /// too. The store notes the file's size and time, so ``ModelStore/location(of:)`` and ``ModelStore/check()``
    /// notice; use ``copy`` for a source that will be edited.
    case automatic
    /// Always a copy of its own.
    case copy
    /// Always a hard link, so that nothing is read or written twice and the content stays when its other name goes; an
    /// error where that is not possible. Meant for the files of other programs' stores, which are never edited.
    case linkOnly
}

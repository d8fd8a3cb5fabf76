public import Foundation
public import Security

/// What a prune may take away.
public struct PruneOptions: Sendable, Hashable {
    /// Leftovers of unfinished work go when nothing has written to them for so many seconds. Default one hour.
    public var minimumAge: TimeInterval = 3600
    /// Downloads that are kept, by the digest that their files are named for: parts of files in the partial folder,
    /// and whole files that wait to be registered with the rest of their model. `nil`, the default, keeps all: only who
    /// knows the queue of downloads can say which nobody means to finish.
    public var keptDownloads: Set<Digest>?
    /// Whether what is in quarantine goes. Default no.
    public var includesQuarantine = false
    /// Whether files among the blobs that the database does not know go. Default no: they may be all that is left of
    /// a lost database.
    public var includesUnknownBlobs = false

    /// The defaults above.
    public init() {}
}

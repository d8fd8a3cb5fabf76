import Foundation
import Security

/// What to fetch, from where, to where.
public struct DownloadRequest: Sendable {
    /// What is known of the content before the first byte.
    public enum Identity: Hashable, Sendable {
        /// The content's digest and size in bytes: any source is safe, and a resumed download is the same file.
        case pinned(Digest, byteCount: Int64)
        /// Nothing: the first source that answers decides, and what it sends is taken for the file.
        case unpinned
    }

    /// What the content must be.
    public var identity: Identity
    /// Where the bytes may come from, best first. Not empty.
    public var sources: [DownloadSource]
    /// The folder of the finished file, which is named for its content: ``Digest/fileName``.
    public var destination: URL
    /// The folder of unfinished files; on the same file system as ``destination``.
    public var partialFolder: URL
    /// Where content that is not what it must be is put, for a look; on the same file system as the others.
    public var quarantineFolder: URL
    /// Bytes per second for this download alone; `nil` is no limit.
    public var bandwidthLimit: Int64?
    /// Among downloads that wait for their turn the higher goes first.
    public var priority: Int

    /// What to fetch, from where, to where.
    /// - Parameters:
    ///   - partialFolder: `destination/.partial` when not given.
    ///   - quarantineFolder: `partialFolder/quarantine` when not given.
    public init(
        identity: Identity, sources: [DownloadSource], destination: URL, partialFolder: URL? = nil,
        quarantineFolder: URL? = nil, bandwidthLimit: Int64? = nil, priority: Int = 0
    ) {
        self.identity = identity
        self.sources = sources
        self.destination = destination
        let partial = partialFolder ?? destination.appendingPathComponent(".partial", isDirectory: true)
        self.partialFolder = partial
        self.quarantineFolder = quarantineFolder ?? partial.appendingPathComponent("quarantine", isDirectory: true)
        self.bandwidthLimit = bandwidthLimit
        self.priority = priority
    }

    /// What names the unfinished files and makes two requests the same download: the content, or else the address.
    var key: Digest {
        switch identity {
        case .pinned(let digest, _): digest
        case .unpinned: Digest.of(Array((sources.first?.url.absoluteString ?? "").utf8))
        }
    }

    /// Where the finished file is: its name is made from the digest and from nothing else.
    func finishedPath(_ digest: Digest) -> String { destination.path + "/" + digest.fileName }

    func check() throws {
        guard !sources.isEmpty else { throw DownloadError.noSource }
        if case .pinned(_, let byteCount) = identity, byteCount < 0 {
            throw DownloadError.invalidSize(byteCount)
        }
        for source in sources { try SourceRules.check(source.url) }
    }
}

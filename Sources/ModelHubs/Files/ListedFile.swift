import Security

/// A file as a hub's or folder's listing gives it.
public struct ListedFile: Hashable, Sendable {
    /// Where it is in the repository or folder.
    public var path: RepositoryPath
    /// Its size in bytes, when the listing says so.
    public var byteCount: Int64?
    /// Its content, when the listing says so.
    public var digest: Digest?

    /// A listed file.
    public init(path: RepositoryPath, byteCount: Int64? = nil, digest: Digest? = nil) {
        self.path = path
        self.byteCount = byteCount
        self.digest = digest
    }
}

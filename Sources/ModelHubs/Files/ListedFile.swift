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

    /// Whether it is the licence's text, by its name at the top of a repository.
    var isLicense: Bool {
        let name = path.description.lowercased()
        let stem = [".txt", ".md"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
        return ["license", "licence", "copying", "license-model", "model_license"].contains(stem)
    }
}

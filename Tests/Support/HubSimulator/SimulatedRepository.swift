import Security

/// A file of a simulated repository.
public struct SimulatedFile: Sendable {
    /// Its path in the repository.
    public var path: String
    /// Its content.
    public var bytes: [UInt8]
    /// Whether it is kept in large file storage, as all model files are.
    public var isLarge: Bool
    /// The size that the hub says, when that is not the content's.
    public var statedByteCount: Int64?

    /// A file.
    public init(_ path: String, _ text: String, isLarge: Bool = true, statedByteCount: Int64? = nil) {
        self.path = path
        bytes = [UInt8](text.utf8)
        self.isLarge = isLarge
        self.statedByteCount = statedByteCount
    }

    /// The content's SHA-256.
    public var digest: Digest { Digest.of(bytes) }
    /// The size that the hub says.
    public var byteCount: Int64 { statedByteCount ?? Int64(bytes.count) }
    /// What stands for Git's object id: 40 digits that change with the content.
    public var objectID: String { String(digest.hexadecimal.prefix(40)) }
}

/// A repository of the simulated hub, with one commit.
public struct SimulatedRepository: Sendable {
    /// `owner/name`.
    public var id: String
    /// Its files.
    public var files: [SimulatedFile]
    /// The commit that `main` and ``branches`` lead to.
    public var commit = "0123456789abcdef0123456789abcdef01234567"
    /// Branches beside `main`.
    public var branches: [String] = []
    /// `auto` or `manual` when it is gated.
    public var gate: String?
    /// Whether only a token that may read it sees it.
    public var isPrivate = false
    /// Tokens that may read it although it is gated or private.
    public var readers: Set<String> = []
    /// The licence of its card.
    public var license: String?
    /// Names that it had before.
    public var formerIDs: [String] = []
    /// How often it was downloaded.
    public var downloads = 0

    /// A repository.
    public init(_ id: String, files: [SimulatedFile]) {
        self.id = id
        self.files = files
    }

    func admits(_ token: String?) -> Bool {
        token.map(readers.contains) ?? false
    }

    func hasRevision(_ text: String) -> Bool {
        text == "main" || text == commit || branches.contains(text)
    }
}

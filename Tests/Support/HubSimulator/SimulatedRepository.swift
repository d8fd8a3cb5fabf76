import Security

/// A file of a simulated repository.
public struct SimulatedFile: Sendable {
    /// Its path in the repository.
    public var path: String
    /// Its content.
    public var content: SimulatedContent
    /// The content's SHA-256.
    public var digest: Digest
    /// Whether it is kept in large file storage, as all model files are.
    public var isLarge: Bool
    /// The size that the hub says, when that is not the content's.
    public var statedByteCount: Int64?

    /// A file in memory.
    public init(_ path: String, _ text: String, isLarge: Bool = true, statedByteCount: Int64? = nil) {
        let bytes = [UInt8](text.utf8)
        self.init(path, .bytes(bytes), digest: Digest.of(bytes), isLarge: isLarge)
        self.statedByteCount = statedByteCount
    }

    /// A file of a content and its digest.
    public init(_ path: String, _ content: SimulatedContent, digest: Digest, isLarge: Bool) {
        self.path = path
        self.content = content
        self.digest = digest
        self.isLarge = isLarge
    }

    /// The size that the hub says.
    public var byteCount: Int64 { statedByteCount ?? content.byteCount }
    /// What stands for Git's object id: 40 digits that change with the content.
    public var objectID: String { String(digest.hexadecimal.prefix(40)) }
}

/// What the hub read from a repository's GGUF file.
public struct SimulatedGGUFFacts: Sendable {
    /// How many parameters the weights have.
    public var total: Int64
    /// The architecture's name.
    public var architecture: String
    /// The context length it was trained for, in tokens.
    public var contextLength: Int

    /// Facts.
    public init(total: Int64, architecture: String, contextLength: Int) {
        self.total = total
        self.architecture = architecture
        self.contextLength = contextLength
    }
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
    /// The header of its card: `license`, `base_model`, `pipeline_tag` …
    public var card: [(key: String, value: String)] = []
    /// What the hub read from its GGUF file.
    public var gguf: SimulatedGGUFFacts?
    /// Names that it had before.
    public var formerIDs: [String] = []
    /// How often it was downloaded.
    public var downloads = 0

    /// A repository.
    public init(_ id: String, files: [SimulatedFile]) {
        self.id = id
        self.files = files
    }

    /// The licence of its card.
    public var license: String? {
        get { card.first { $0.key == "license" }?.value }
        set {
            card.removeAll { $0.key == "license" }
            if let newValue { card.append(("license", newValue)) }
        }
    }

    func admits(_ token: String?) -> Bool {
        token.map(readers.contains) ?? false
    }

    func hasRevision(_ text: String) -> Bool {
        text == "main" || text == commit || branches.contains(text)
    }
}

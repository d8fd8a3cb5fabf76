import Security

/// Which program's folder a model was found in.
public struct LocalStoreIdentifier: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    /// A short word.
    public let rawValue: String

    /// An identifier of a store.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Ollama's models folder.
    public static let ollama = LocalStoreIdentifier(rawValue: "ollama")
    /// LM Studio's models folder.
    public static let lmStudio = LocalStoreIdentifier(rawValue: "lmstudio")
    /// Jan's data folder.
    public static let jan = LocalStoreIdentifier(rawValue: "jan")
    /// The cache of Hugging Face's tools.
    public static let huggingFace = LocalStoreIdentifier(rawValue: "huggingface")
    /// llama.cpp's cache.
    public static let llamaCpp = LocalStoreIdentifier(rawValue: "llama.cpp")

    /// The word itself.
    public var description: String { rawValue }
}

/// A file of a discovered model.
public struct DiscoveredFile: Hashable, Sendable {
    /// What it is to the model.
    public var role: ModelFileRole
    /// The regular file's absolute path, links resolved.
    public var path: String
    /// Its size in bytes.
    public var byteCount: Int64
    /// The content that the other program says it has. A claim: whoever adopts the file hashes it.
    public var claimedDigest: Digest?
}

/// A model that another program keeps on this machine.
public struct DiscoveredModel: Hashable, Sendable {
    /// Whose folder it is in.
    public var store: LocalStoreIdentifier
    /// The name it has there.
    public var name: String
    /// What to write to get the same model from its hub, when the folder tells.
    public var origin: ModelReference?
    /// The commit it came from, when the folder tells.
    public var revision: String?
    /// Its files, the weights first and in order.
    public var files: [DiscoveredFile]

    /// The size of all files in bytes.
    public var byteCount: Int64 { files.reduce(0) { $0 &+ $1.byteCount } }
}

/// Something in another program's folder that could not be used.
public struct DiscoveryProblem: Hashable, Sendable, CustomStringConvertible {
    /// Whose folder it is in.
    public var store: LocalStoreIdentifier
    /// The file or folder.
    public var path: String
    /// What is wrong with it.
    public var reason: String

    /// One sentence.
    public var description: String { "\(store): “\(path.shown)” was left out: \(reason)." }
}

/// What was found, and what was left out and why.
public struct DiscoveryReport: Hashable, Sendable {
    /// The models, by store and name.
    public var models: [DiscoveredModel] = []
    /// What was left out.
    public var problems: [DiscoveryProblem] = []

    /// An empty report.
    public init() {}

    mutating func add(_ other: DiscoveryReport) {
        models += other.models
        problems += other.problems
    }
}

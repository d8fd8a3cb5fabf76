import Security

/// For which machines a model is meant.
public enum CatalogTier: String, Hashable, Sendable, CaseIterable, Codable {
    /// Any computer.
    case minimal
    /// A laptop or desktop of today.
    case standard
    /// Much memory, or a GPU.
    case advanced
}

/// How large a model's file is.
public enum CatalogSizeClass: String, Hashable, Sendable, CaseIterable {
    /// Under 3 GB.
    case small
    /// Under 10 GB.
    case medium
    /// 10 GB and more.
    case large

    /// The class of a file of so many bytes.
    public init(byteCount: Int64) {
        self = byteCount < 3_000_000_000 ? .small : byteCount < 10_000_000_000 ? .medium : .large
    }
}

/// A model of the catalog: one file of known content, and where to get it.
public struct CatalogEntry: Hashable, Sendable {
    /// Names that mean it, its own first. Several entries may share one of the others, such as `qwen3`.
    public let names: [ShortName]
    /// Its name as its makers write it.
    public let title: String
    /// One or two sentences for a person who chooses.
    public let description: String
    /// The licence's identifier; `nil` when the catalog does not say.
    public let license: String?
    /// The number of parameters as the model's name gives it: `1.1B`, `35B-A3B`.
    public let parameters: String
    /// The architecture's name in GGUF; `nil` when the catalog does not say.
    public let architecture: String?
    /// The weights' number format.
    public let quantization: String
    /// Tokens of context it was trained for; `nil` when the catalog does not say.
    public let contextLength: Int?
    /// For which machines.
    public let tier: CatalogTier
    /// What it is for: `chat`, `code`, `embedding`, `reasoning`, `multilingual` …
    public let tags: [String]
    /// The file's size in bytes.
    public let byteCount: Int64
    /// The file's content.
    public let digest: Digest
    /// Where to get it, in order.
    public let sources: [ModelReference]

    /// Its own name.
    public var name: String { names.first?.description ?? title }

    /// How large its file is.
    public var sizeClass: CatalogSizeClass { CatalogSizeClass(byteCount: byteCount) }
}

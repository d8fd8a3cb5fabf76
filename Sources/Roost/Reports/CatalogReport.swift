public import ModelHubs

/// An entry of the catalog as lists show it: `roost catalog --json`, `GET /roost/v1/catalog`.
public struct CatalogReport: Sendable, Hashable, Encodable {
    /// Its own name.
    public let name: String
    /// All names that mean it.
    public let names: [String]
    /// Its name as its makers write it.
    public let title: String
    /// One or two sentences.
    public let description: String
    /// The licence's identifier.
    public let license: String?
    /// `1.1B`, `35B-A3B`.
    public let parameters: String
    /// The weights' number format.
    public let quantization: String
    /// Tokens of context it was trained for.
    public let contextLength: Int?
    /// For which machines.
    public let tier: String
    /// How large its file is.
    public let sizeClass: String
    /// What it is for.
    public let tags: [String]
    /// The file's size in bytes.
    public let byteCount: Int64
    /// The file's content.
    public let digest: String
    /// Where to get it, in order.
    public let sources: [String]
    /// Whether it is in the store.
    public let isInstalled: Bool

    /// An entry.
    public init(_ entry: CatalogEntry, isInstalled: Bool) {
        name = entry.name
        names = entry.names.map(\.description)
        title = entry.title
        description = entry.description
        license = entry.license
        parameters = entry.parameters
        quantization = entry.quantization
        contextLength = entry.contextLength
        tier = entry.tier.rawValue
        sizeClass = entry.sizeClass.rawValue
        tags = entry.tags
        byteCount = entry.byteCount
        digest = entry.digest.description
        sources = entry.sources.map(\.description)
        self.isInstalled = isInstalled
    }
}

public import ModelHubs

/// A model that a search found, in the catalog or on a hub, as lists show it: `roost search --json`,
/// `GET /roost/v1/search`.
public struct FoundReport: Sendable, Hashable, Encodable {
    /// What a download takes.
    public let name: String
    /// `catalog` or the hub's name.
    public let origin: String
    /// Its name as its makers write it.
    public private(set) var title: String?
    /// `1.1B`, as the catalog has it.
    public private(set) var parameters: String?
    /// Parameters, as the hub has them.
    public private(set) var parameterCount: Int64?
    /// The file's size in bytes.
    public private(set) var byteCount: Int64?
    /// The licence's identifier.
    public let license: String?
    /// Downloads in the last month.
    public private(set) var downloads: Int?
    /// How many people marked it.
    public private(set) var likes: Int?
    /// The weights' number formats that there are.
    public let quantizations: [String]
    /// Tokens of context it was trained for.
    public let contextLength: Int?
    /// Whether its owner asks for consent before it is given.
    public let isGated: Bool
    /// Whether it is in the store.
    public let isInstalled: Bool
    /// When it was changed last, as the hub writes it.
    public private(set) var modifiedAt: String?

    /// An entry of the catalog.
    public init(_ entry: CatalogEntry, isInstalled: Bool) {
        name = entry.name
        origin = "catalog"
        title = entry.title
        parameters = entry.parameters
        byteCount = entry.byteCount
        license = entry.license
        quantizations = [entry.quantization]
        contextLength = entry.contextLength
        isGated = false
        self.isInstalled = isInstalled
    }

    /// A repository of a hub.
    public init(_ hit: SearchHit) {
        name = hit.reference.description
        origin = HubIdentifier.huggingFace.rawValue
        parameterCount = hit.parameterCount
        license = hit.license
        downloads = hit.downloads
        likes = hit.likes
        quantizations = hit.quantizations
        contextLength = hit.contextLength
        isGated = hit.isGated
        isInstalled = false
        modifiedAt = hit.lastModified
    }
}

extension ModelManager {
    /// Looks for models in the catalog, which comes first, and on the hub.
    ///
    /// - Parameter catalogOnly: asks no hub.
    /// - Returns: what was found; and the hub's failure where the catalog has something that is worth showing without it.
    /// - Throws: `ModelHubError` when nothing else was found; `ModelStoreError`.
    public nonisolated func find(
        _ query: ModelSearch, catalogOnly: Bool = false
    ) async throws -> (models: [FoundReport], hubFailure: ModelHubError?) {
        var found: [FoundReport] = []
        // The catalog knows no owners.
        if query.author == nil {
            let installed = Set(try await downloadedModels().map(\.digest))
            found = try await availableModels(CatalogFilter(text: query.text))
                .map { FoundReport($0, isInstalled: installed.contains($0.digest)) }
        }
        if catalogOnly { return (found, nil) }
        do {
            return (found + (try await search(query).hits.map(FoundReport.init)), nil)
        } catch let error as ModelHubError where !found.isEmpty {
            return (found, error)
        }
    }
}

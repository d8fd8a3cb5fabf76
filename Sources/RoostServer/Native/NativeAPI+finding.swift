import Hummingbird
import Roost

extension NativeAPI {
    /// Where models are found.
    var findingRoutes: [NativeRoute] {
        [
            endpoint(
                .get, "/roost/v1/search", .scope(.read),
                Operation(
                    id: "searchModels", tag: .models, summary: "Look for models in the catalog and on Hugging Face.",
                    note: "When the hub does not answer and the catalog has something, that is told, with the header "
                        + "`X-Roost-Warning`.",
                    query: [
                        .init(name: "q", schema: .text(1...200, "Words of the name."), isRequired: true),
                        .init(name: "author", schema: .text(1...100, "Only this owner's repositories.")),
                        .init(
                            name: "sort",
                            schema: .choice(
                                ["downloads", "likes", "modified", "trending"],
                                "What comes first. Default downloads.")),
                        .init(name: "limit", schema: .integer(1...100, "Repositories. Default 20.")),
                        .init(name: "catalog_only", schema: .boolean("Ask no hub. Default false.")),
                    ],
                    answer: .json(.list(.foundModel), "What was found, the catalog's first."),
                    failures: [.conflict])
            ) { request in
                try await search(request)
            },
            endpoint(
                .get, "/roost/v1/catalog", .scope(.read),
                Operation(
                    id: "listCatalog", tag: .models, summary: "The models that were chosen by hand.",
                    query: [
                        .init(name: "q", schema: .text(0...200, "Words of the name, the description or the tags.")),
                        .init(name: "tier", schema: .choice(of: CatalogTier.self), isRepeated: true),
                        .init(name: "size", schema: .choice(of: CatalogSizeClass.self), isRepeated: true),
                        .init(name: "tag", schema: .text(1...40, "All of these."), isRepeated: true),
                        .init(name: "license", schema: .text(1...60, "Any of these."), isRepeated: true),
                        .init(name: "installed", schema: .boolean("Only models that are, or are not, in the store.")),
                    ],
                    answer: .json(.list(.catalogEntry), "The entries."))
            ) { request in
                let digests = Set(try await manager.downloadedModels().map(\.digest))
                let filter = CatalogFilter(
                    text: request.text("q") ?? "", tiers: Set(request.texts("tier").compactMap(CatalogTier.init)),
                    sizeClasses: Set(request.texts("size").compactMap(CatalogSizeClass.init)),
                    tags: Set(request.texts("tag")), licenses: Set(request.texts("license")),
                    isInstalled: request.flag("installed"), installed: digests)
                return try NativeJSON.response(
                    try await manager.availableModels(filter)
                        .map { CatalogReport($0, isInstalled: digests.contains($0.digest)) })
            },
        ]
    }

    private func search(_ request: NativeRequest) async throws -> Response {
        let text = request.text("q") ?? ""
        let author = request.text("author")
        let orders: [String: ModelSearch.Order] = [
            "likes": .likes, "modified": .lastModified, "trending": .trending,
        ]
        var found: [FoundReport] = []
        if author == nil {
            let installed = Set(try await manager.downloadedModels().map(\.digest))
            found = try await manager.availableModels(CatalogFilter(text: text))
                .map { FoundReport($0, isInstalled: installed.contains($0.digest)) }
        }
        if request.flag("catalog_only") ?? false { return try NativeJSON.response(found) }
        do {
            let query = ModelSearch(
                text, author: author, order: request.text("sort").flatMap { orders[$0] } ?? .downloads,
                pageSize: request.integer("limit") ?? 20)
            return try NativeJSON.response(found + (try await manager.search(query).hits.map(FoundReport.init)))
        } catch let error as ModelHubError where !found.isEmpty {
            var response = try NativeJSON.response(found)
            response.headers[.roostWarning] = error.description.filter { $0.isASCII && !$0.isNewline }
            return response
        }
    }
}

/// A model that was found; the words are those of `roost search --json`.
private struct FoundReport: Encodable {
    let name: String
    let origin: String
    var title: String?
    var parameters: String?
    var parameterCount: Int64?
    var byteCount: Int64?
    let license: String?
    var downloads: Int?
    var likes: Int?
    let quantizations: [String]
    let contextLength: Int?
    let isGated: Bool
    let isInstalled: Bool
    var modifiedAt: String?

    init(_ entry: CatalogEntry, isInstalled: Bool) {
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

    init(_ hit: SearchHit) {
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

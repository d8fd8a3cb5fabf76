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
        let query = ModelSearch(
            text, author: author, order: request.text("sort").flatMap { orders[$0] } ?? .downloads,
            pageSize: request.integer("limit") ?? 20)
        let (found, failure) = try await manager.find(query, catalogOnly: request.flag("catalog_only") ?? false)
        var response = try NativeJSON.response(found)
        if let failure {
            response.headers[.roostWarning] = failure.description.filter { $0.isASCII && !$0.isNewline }
        }
        return response
    }
}

import Foundation

extension HuggingFaceHub {
    func searchURL(_ query: ModelSearch) throws -> URL {
        var items = [
            ("search", query.text), ("filter", "gguf"), ("sort", query.order.rawValue),
            ("limit", String(query.pageSize)),
        ]
        if query.text.isEmpty { items.removeFirst() }
        if let author = query.author { items.append(("author", author)) }
        for fact in ["gguf", "siblings", "gated", "downloads", "likes", "tags", "lastModified", "cardData"] {
            items.append(("expand", fact))
        }
        let text = items.map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&")
        return try url("/api/models?" + text)
    }

    /// `nil` for a name that is not a repository's.
    static func hit(_ info: HuggingFaceModelInfo) -> SearchHit? {
        guard let repository = RepositoryName(info.id) else { return nil }
        let files = (info.siblings ?? []).compactMap { RepositoryPath($0.rfilename) }.map { ListedFile(path: $0) }
        var seen = Set<String>()
        let labels = ModelVariant.all(in: files).compactMap { $0.quantization?.description }
        return SearchHit(
            reference: .huggingFace(HuggingFaceReference(repository: repository)), repository: repository,
            downloads: info.downloads, likes: info.likes, license: info.license, isGated: info.gated?.isOn ?? false,
            tags: info.tags ?? [], lastModified: info.lastModified, parameterCount: info.gguf?.total,
            contextLength: info.gguf?.contextLength, architecture: info.gguf?.architecture,
            quantizations: labels.filter { seen.insert($0).inserted })
    }
}

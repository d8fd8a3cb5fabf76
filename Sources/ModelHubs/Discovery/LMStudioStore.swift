/// LM Studio: `<publisher>/<model>/<file>.gguf`.
public struct LMStudioStore: LocalModelStore {
    /// A reader of LM Studio's folders.
    public init() {}

    /// ``LocalStoreIdentifier/lmStudio``.
    public var identifier: LocalStoreIdentifier { .lmStudio }

    /// The folder of today's versions, and that of old ones.
    public func folders(_ paths: StorePaths) -> [String] {
        [paths.homeDirectory + "/.lmstudio/models", paths.homeDirectory + "/.cache/lm-studio/models"]
    }

    /// Looks three folders deep; a model's name is `publisher/model`, its file added when there are several.
    public func scan(_ folder: String) -> DiscoveryReport {
        let files = FileTree.files(below: folder, depth: 3).compactMap(\.listed)
        let inFolders = files.filter { $0.path.components.count == 3 }
        let counts = Dictionary(grouping: ModelVariant.all(in: inFolders), by: \.folder).mapValues(\.count)
        var report = GGUFFolder.models(in: folder, files: inFolders, store: identifier) { variant in
            (counts[variant.folder] ?? 0) > 1 ? variant.name : variant.folder
        }
        for index in report.models.indices {
            let parts = report.models[index].name.split(separator: "/").prefix(2).joined(separator: "/")
            // LM Studio's folders are named after the repository that a model was got from.
            report.models[index].origin = RepositoryName(parts).map {
                .huggingFace(HuggingFaceReference(repository: $0))
            }
        }
        return report
    }
}

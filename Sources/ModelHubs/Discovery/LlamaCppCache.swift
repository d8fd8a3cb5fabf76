/// llama.cpp's own cache: the layout of the Hugging Face cache, and plain GGUF files in older versions.
public struct LlamaCppCache: LocalModelStore {
    /// A reader of llama.cpp's cache.
    public init() {}

    /// ``LocalStoreIdentifier/llamaCpp``.
    public var identifier: LocalStoreIdentifier { .llamaCpp }

    /// `$LLAMA_CACHE`, or the platform's cache folder.
    public func folders(_ paths: StorePaths) -> [String] {
        if let folder = paths.variable("LLAMA_CACHE") { return [folder] }
        return [paths.cacheHome + "/llama.cpp", paths.homeDirectory + "/Library/Caches/llama.cpp"]
    }

    /// Reads both layouts.
    public func scan(_ folder: String) -> DiscoveryReport {
        var report = HuggingFaceCache(identifier: identifier).scan(folder)
        let files = FileTree.files(below: folder, depth: 1).compactMap(\.listed)
        // Old versions kept every repository's files in one folder: a projector there is nobody's in particular.
        let models = files.filter { !$0.path.fileName.lowercased().contains("mmproj") }
        report.add(GGUFFolder.models(in: folder, files: models, store: identifier) { $0.name })
        return report
    }
}

public import Foundation

/// The files of a model as open descriptors of this process, for one that cannot open anything by a path.
public struct ModelDescriptors: Sendable, Hashable, Codable {
    /// The GGUF files of the weights, in order.
    public var weights: [Int32]
    /// As ``ModelFileSet/chatTemplate``.
    public var chatTemplate: String?
    /// As ``ModelFileSet/projector``.
    public var projector: Int32?
    /// As ``ModelFileSet/draft``.
    public var draft: Int32?
    /// As ``ModelFileSet/adapters``.
    public var adapters: [Adapter]

    /// A LoRA adapter.
    public struct Adapter: Sendable, Hashable, Codable {
        /// What requests call it.
        public var name: String
        /// Its GGUF file.
        public var descriptor: Int32
    }

    /// `files`, of which `descriptors` gives each its own.
    ///
    /// - Throws: what `descriptors` throws.
    public init(_ files: ModelFileSet, descriptors: (URL) throws -> Int32) rethrows {
        weights = try files.weights.map(descriptors)
        chatTemplate = files.chatTemplate
        projector = try files.projector.map(descriptors)
        draft = try files.draft.map(descriptors)
        adapters = try files.adapters.map { Adapter(name: $0.name, descriptor: try descriptors($0.file)) }
    }

    /// All of them.
    public var all: [Int32] {
        weights + [projector, draft].compactMap { $0 } + adapters.map(\.descriptor)
    }

    /// The same files under the numbers of another process: `number` is given their places in ``all``.
    public func renumbered(_ number: (Int) -> Int32) -> ModelDescriptors {
        var copy = self
        var place = 0
        func next() -> Int32 {
            defer { place += 1 }
            return number(place)
        }
        for index in copy.weights.indices { copy.weights[index] = next() }
        if copy.projector != nil { copy.projector = next() }
        if copy.draft != nil { copy.draft = next() }
        for index in copy.adapters.indices { copy.adapters[index].descriptor = next() }
        return copy
    }

    /// The files by paths that lead to the descriptors.
    var files: ModelFileSet {
        let url = { (descriptor: Int32) in URL(fileURLWithPath: ModelSource.path(descriptor)) }
        var files = ModelFileSet(weights: weights.map(url), chatTemplate: chatTemplate)
        files.projector = projector.map(url)
        files.draft = draft.map(url)
        files.adapters = adapters.map { ModelFileSet.Adapter(name: $0.name, file: url($0.descriptor)) }
        return files
    }
}

extension LoadedModel {
    /// Loads a model from open descriptors, which may be closed when this returns; those of `prefixes` must stay open.
    ///
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public static func load(
        _ descriptors: ModelDescriptors, name: String, options: LoadOptions = .init(),
        prefixes: PrefixPersistence? = nil,
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> LoadedModel {
        try await load(
            descriptors.files, source: .descriptors(descriptors.weights), name: name, options: options,
            prefixes: prefixes, progress: progress)
    }
}

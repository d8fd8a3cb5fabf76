import CLlama
import Foundation

/// All parts of a model, loaded and put together. Made on the engine's thread.
struct ModelAssembly {
    let model: ModelHandle
    let info: LoadedModelInfo
    let memory: ModelMemory
    let options: LoadOptions
    let templates: TemplateCache
    let parts: EngineParts
    private let projector: (any PromptMedia)?
    private let adapterNames: [String]

    /// Throws `InferenceError`; `CancellationError` when loading was cancelled.
    init(_ loader: ModelLoader, name: String, prefixes: PrefixPersistence?) throws {
        let (files, options) = (loader.files, loader.options)
        let model = try loader.load()
        let whole = try EngineContext(model: model, files: files, options: options)
        // A model that does not generate has no use for it; its figures stand.
        let context = model.generates(hasCache: whole.hasCache) ? whole : nil
        if loader.isCancelled.isSet { throw CancellationError() }
        let info = LoadedModelInfo(model, name: name, path: loader.path, options: options, context: context)
        let adapters = try AdapterSet(files: files.adapters, model: model)
        let scheduler = try context.map { try Scheduler(model: model, context: $0, options: options) }
        if let context, let scheduler {
            if !adapters.names.isEmpty { scheduler.applyAdapters = { try adapters.apply($0, to: context.pointer) } }
            if let prefixes {
                let archive = PrefixArchive(prefixes)
                archive.restore(to: scheduler.pool)
                scheduler.archive = archive
            }
            scheduler.speculation = try Self.speculation(for: model, context, loader)
        }
        projector = files.projector.map { file in
            do {
                return try MediaProjector(file: file, model: model, options: options)
            } catch {
                // Without its eyes a model still reads.
                return MissingProjector(error)
            }
        }
        if loader.isCancelled.isSet { throw CancellationError() }
        self.model = model
        self.info = info
        memory =
            context?.memory
            ?? ModelMemory(weightsByteCount: info.byteCount, contextByteCount: 0, computeByteCount: 0)
        self.options = options
        templates = TemplateCache(model: model, name: name, own: files.chatTemplate)
        adapterNames = adapters.names
        parts = EngineParts(
            model: model, context: context, scheduler: scheduler,
            embedder: Embedder(model: model, files: files, options: options, adapters: adapters))
    }

    private static func speculation(
        for model: ModelHandle, _ context: EngineContext, _ loader: ModelLoader
    ) throws -> GovernedSpeculation? {
        guard context.shape.draftCount > 0 else { return nil }
        guard let file = loader.files.draft else { return GovernedSpeculation() }
        let weights = ModelLoader(
            files: ModelFileSet(file), options: loader.options, vocabularyOnly: false, progress: nil,
            isCancelled: loader.isCancelled)
        let draft = try DraftModel(try weights.load(), path: file.path, for: model)
        return GovernedSpeculation(modelDrafterLimit: context.shape.parallelCount) {
            try draft.makeDrafter(contextLength: context.contextLength, threadCount: context.threadCount)
        }
    }

    /// What makes requests ready, on a thread of its own.
    func makePreparation() -> @Sendable (GenerationTask) throws -> PreparedRequest {
        let preparer = PromptPreparer(model: model, templates: templates, info: info, media: projector)
        let canShift = parts.context?.canShift ?? false
        let (model, info, adapterNames) = (model, info, adapterNames)
        return { task in
            try task.request.validate()
            guard info.isGenerative else { throw InferenceError.notAGenerator(architecture: info.architecture) }
            if task.options.shiftsContext, !canShift {
                throw InferenceError.cannotShift(architecture: info.architecture)
            }
            try AdapterSet.check(task.request.adapterScales, known: adapterNames)
            return try PreparedRequest(
                task, prompt: try preparer.prepare(task.request), model: model, contextLength: info.contextLength)
        }
    }
}

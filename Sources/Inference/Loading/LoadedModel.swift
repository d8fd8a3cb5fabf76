import CLlama
public import Foundation
import Synchronization

/// A model in memory, ready to generate.
///
/// The engine runs on a thread of its own and computes many requests together (`LoadOptions.parallelRequestCount`);
/// more wait, fairly between tenants. Stopping to read a stream (its task is cancelled, its iterator goes away) stops
/// the work behind it within a turn of the engine.
public final class LoadedModel: RunningModel {
    /// What was loaded, and how.
    public let info: LoadedModelInfo
    /// Bytes that it takes.
    public let memory: ModelMemory
    let engine: EngineThread
    private let parts: Mutex<Parts?>

    private struct Parts {
        let tokenizer: Tokenizer
        let templates: TemplateCache
    }

    private init(info: LoadedModelInfo, memory: ModelMemory, engine: EngineThread, parts: Parts) {
        self.info = info
        self.memory = memory
        self.engine = engine
        self.parts = Mutex(parts)
    }

    deinit { engine.close() }

    /// Loads the GGUF file at `url`; as ``load(_:source:name:options:progress:)`` for a model in one file.
    ///
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public static func load(
        at url: URL, name: String? = nil, options: LoadOptions = .init(),
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> LoadedModel {
        try await load(ModelFileSet(url), name: name, options: options, progress: progress)
    }

    /// Loads a model from its files.
    ///
    /// - Parameters:
    ///   - files: the weights, parts in order, and what goes with them.
    ///   - source: where the weights are read from: by their paths, or from open files.
    ///   - name: what messages call the model; the file's name when `nil`.
    ///   - progress: called from the engine's thread with what is loaded, in 0…1.
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public static func load(
        _ files: ModelFileSet, source: ModelSource = .paths, name: String? = nil, options: LoadOptions = .init(),
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> LoadedModel {
        let cancelled = CancellationFlag()
        let loader = ModelLoader(
            files: files, source: source, options: options, vocabularyOnly: false, progress: progress,
            isCancelled: cancelled)
        let name = name ?? files.weights.first?.lastPathComponent ?? "model"
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                EngineThread().start { engine in
                    do {
                        let (loaded, parts) = try open(loader, name: name, engine: engine)
                        continuation.resume(returning: loaded)
                        return parts
                    } catch {
                        continuation.resume(throwing: error)
                        throw error
                    }
                }
            }
        } onCancel: {
            cancelled.set()
        }
    }

    /// On the engine's thread.
    private static func open(
        _ loader: ModelLoader, name: String, engine: EngineThread
    ) throws -> (LoadedModel, EngineParts) {
        let model = try loader.load()
        var context: EngineContext? = try EngineContext(model: model, files: loader.files, options: loader.options)
        let memory = context?.memory
        if context?.canGenerate(model) != true { context = nil }
        if loader.isCancelled.isSet { throw CancellationError() }
        let info = LoadedModelInfo(
            model, name: name, path: loader.path, options: loader.options, context: context)
        let templates = TemplateCache(model: model, name: name, own: loader.files.chatTemplate)
        let scheduler = try context.map { try Scheduler(model: model, context: $0, options: loader.options) }
        let preparer = PlainPreparer(model: model, templates: templates, info: info)
        let canShift = context?.canShift ?? false
        engine.prepareRequests { task in
            try task.request.validate()
            guard info.isGenerative else { throw InferenceError.notAGenerator(architecture: info.architecture) }
            if task.options.shiftsContext, !canShift {
                throw InferenceError.cannotShift(architecture: info.architecture)
            }
            let known = loader.files.adapters.map(\.name)
            for name in (task.request.adapterScales ?? [:]).keys.sorted() where !known.contains(name) {
                throw InferenceError.unknownAdapter(name: name, known: known)
            }
            return try PreparedRequest(
                task, prompt: try preparer.prepare(task.request), model: model, contextLength: info.contextLength)
        }
        let loaded = LoadedModel(
            info: info,
            memory: memory ?? ModelMemory(weightsByteCount: info.byteCount, contextByteCount: 0, computeByteCount: 0),
            engine: engine, parts: Parts(tokenizer: Tokenizer(model), templates: templates))
        return (loaded, EngineParts(model: model, context: context, scheduler: scheduler))
    }

    /// Token ids of `text`; throws as ``RunningModel/tokenize(_:addSpecial:parseSpecial:)`` does.
    public func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        try loadedParts().tokenizer.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    /// The text of `tokens`; throws as ``RunningModel/detokenize(_:removeSpecial:unparseSpecial:)`` does.
    public func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) throws -> String {
        try loadedParts().tokenizer.detokenize(tokens, removeSpecial: removeSpecial, unparseSpecial: unparseSpecial)
    }

    /// The conversation as the model's template writes it; throws as ``RunningModel/prompt(for:)`` does.
    public func prompt(for chat: ChatRequest) throws -> String {
        try loadedParts().templates.prompt(for: chat.messages).prompt
    }

    /// Serves a request.
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        GenerationStream { continuation in
            let task = GenerationTask(request, continuation: continuation)
            continuation.onTermination = { [weak task] reason in
                if case .cancelled = reason { task?.stop() }
            }
            engine.serve(task)
        }
    }

    /// Vectors of texts.
    public func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        throw InferenceError.workerFailed(reason: "embeddings are not there yet")
    }

    /// Scores of documents.
    public func rerank(_ request: RerankRequest) async throws -> RerankResult {
        throw InferenceError.notAReranker(architecture: info.architecture)
    }

    /// What it does now: as of the engine's last turn.
    public var activity: ModelActivity { engine.activity }

    /// Ends running streams with `InferenceError.unloaded` and frees the memory before it returns.
    public func unload() async {
        parts.withLock { $0 = nil }
        engine.close()
        await engine.waitForEnd()
    }

    private func loadedParts() throws -> Parts {
        guard let parts = parts.withLock({ $0 }) else { throw InferenceError.unloaded }
        return parts
    }
}

extension EngineContext {
    /// Whether the model is one that generates text, token by token.
    fileprivate func canGenerate(_ model: ModelHandle) -> Bool {
        hasCache && llama_model_has_decoder(model.pointer) && !llama_model_has_encoder(model.pointer)
            && !llama_model_is_diffusion(model.pointer) && model.vocabularyCount > 0
    }
}

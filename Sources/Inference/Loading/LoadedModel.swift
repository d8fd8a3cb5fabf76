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
        let limits: EmbeddingLimits
    }

    private init(_ assembly: ModelAssembly, engine: EngineThread) {
        info = assembly.info
        memory = assembly.memory
        self.engine = engine
        parts = Mutex(
            Parts(
                tokenizer: Tokenizer(assembly.model), templates: assembly.templates,
                limits: EmbeddingLimits(model: assembly.model, options: assembly.options)))
    }

    deinit { engine.close() }

    /// Loads the GGUF file at `url`; as ``load(_:source:name:options:prefixes:progress:)`` for a model in one file.
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
    ///   - prefixes: where computed prompts are kept when the model is unloaded, and were kept before.
    ///   - progress: called from the engine's thread with what is loaded, in 0…1.
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public static func load(
        _ files: ModelFileSet, source: ModelSource = .paths, name: String? = nil, options: LoadOptions = .init(),
        prefixes: PrefixPersistence? = nil, progress: (@Sendable (Double) -> Void)? = nil
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
                        let assembly = try ModelAssembly(loader, name: name, prefixes: prefixes)
                        engine.prepareRequests(with: assembly.makePreparation())
                        let loaded = LoadedModel(assembly, engine: engine)
                        continuation.resume(returning: loaded)
                        return assembly.parts
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

    /// As ``RunningModel/tokenize(_:addSpecial:parseSpecial:)``, at once.
    ///
    /// - Throws: `InferenceError.unloaded`, `.decodeFailed` when the engine refuses the text.
    public func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        try loadedParts().tokenizer.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    /// The text of `tokens`; throws as ``RunningModel/detokenize(_:removeSpecial:unparseSpecial:)`` does.
    public func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) throws -> String {
        try loadedParts().tokenizer.detokenize(tokens, removeSpecial: removeSpecial, unparseSpecial: unparseSpecial)
    }

    /// The bytes of each token; throws as ``RunningModel/pieces(of:)`` does.
    public func pieces(of tokens: [Int32]) throws -> [[UInt8]] { try loadedParts().tokenizer.pieces(of: tokens) }

    /// The conversation as the model's template writes it; throws as ``RunningModel/prompt(for:)`` does.
    public func prompt(for chat: ChatRequest) throws -> String {
        try loadedParts().templates.prompt(for: chat)
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
        try EmbeddingResult(try await finished { try $0.work(for: request) }, for: request)
    }

    /// Scores of documents.
    public func rerank(_ request: RerankRequest) async throws -> RerankResult {
        RerankResult(try await finished { try $0.work(for: request) })
    }

    /// Computes work batch by batch, each between two turns of those that generate.
    private func finished(
        _ make: @escaping @Sendable (EmbeddingLimits) throws -> EmbeddingWork
    ) async throws -> EmbeddingWork {
        try Task.checkCancellation()
        let limits = try loadedParts().limits
        var work = try await OwnThread.run(named: "roost-prepare") { try make(limits) }
        while !work.isFinished {
            try Task.checkCancellation()
            let before = work
            work = try await engine.perform { parts in
                var work = before
                try parts.embedder.step(&work)
                return work
            }
        }
        return work
    }

    /// What it does now: as of the engine's last turn.
    public var activity: ModelActivity { engine.activity }

    /// Ends running streams with `InferenceError.unloaded` and frees the memory before it returns.
    public func unload() async {
        parts.withLock { $0 = nil }
        // Best after the last request: it has to be computed again otherwise, which costs time and no answer.
        _ = try? await engine.perform { $0.scheduler?.saveAndEnd() }
        engine.close()
        await engine.waitForEnd()
    }

    private func loadedParts() throws -> Parts {
        guard let parts = parts.withLock({ $0 }) else { throw InferenceError.unloaded }
        return parts
    }
}

public import Foundation
import Synchronization

/// A model in memory, ready to generate.
///
/// The engine runs on a thread of its own and serves requests in order of arrival. Stopping to read a stream (its
/// task is cancelled, its iterator goes away) stops the work behind it within a token.
public final class LoadedModel: RunningModel {
    /// What was loaded, and how.
    public let info: LoadedModelInfo
    /// Bytes that it takes.
    public let memory: ModelMemory
    private let queue: RequestQueue
    private let parts: Mutex<Parts?>

    private struct Parts {
        let tokenizer: Tokenizer
        let templates: TemplateCache
    }

    private init(info: LoadedModelInfo, memory: ModelMemory, queue: RequestQueue, parts: Parts) {
        self.info = info
        self.memory = memory
        self.queue = queue
        self.parts = Mutex(parts)
    }

    deinit { queue.close() }

    /// Loads the GGUF file at `url`; as ``load(_:name:options:progress:)`` for a model in one file.
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
    ///   - name: what messages call the model; the file's name when `nil`.
    ///   - progress: called from the engine's thread with what is loaded, in 0…1.
    /// - Throws: `InferenceError`; `CancellationError` when the task was cancelled.
    public static func load(
        _ files: ModelFileSet, name: String? = nil, options: LoadOptions = .init(),
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> LoadedModel {
        let cancelled = CancellationFlag()
        let loader = ModelLoader(
            files: files, options: options, vocabularyOnly: false, progress: progress, isCancelled: cancelled)
        let name = name ?? files.weights.first?.lastPathComponent ?? "model"
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                let thread = Thread { run(loader, name: name, loaded: continuation) }
                thread.name = "roost-engine"
                thread.stackSize = 16 << 20
                thread.start()
            }
        } onCancel: {
            cancelled.set()
        }
    }

    /// The engine's thread: loads, serves until the queue is closed, frees.
    private static func run(
        _ loader: ModelLoader, name: String, loaded: CheckedContinuation<LoadedModel, any Error>
    ) {
        let queue = RequestQueue()
        do {
            let session = try open(loader, name: name, queue: queue, loaded: loaded)
            while let task = queue.next() {
                switch task {
                case .request(let request):
                    session.serve(request)
                    queue.finishActive()
                case .job(let job): job.run(session)
                }
            }
        } catch {
            loaded.resume(throwing: error)
        }
        queue.end()
    }

    private static func open(
        _ loader: ModelLoader, name: String, queue: RequestQueue, loaded: CheckedContinuation<LoadedModel, any Error>
    ) throws -> EngineSession {
        let model = try loader.load()
        let context = try EngineContext(model: model, files: loader.files, options: loader.options)
        if loader.isCancelled.isSet { throw CancellationError() }
        let info = LoadedModelInfo(model, name: name, path: loader.path, context: context)
        let templates = TemplateCache(model: model, name: name, own: loader.files.chatTemplate)
        let session = EngineSession(
            model: model, context: context, templates: templates, info: info,
            embedder: Embedder(model: model, files: loader.files, options: loader.options))
        loaded.resume(
            returning: LoadedModel(
                info: info, memory: context.memory, queue: queue,
                parts: Parts(tokenizer: Tokenizer(model), templates: templates)))
        return session
    }

    public func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        try loadedParts().tokenizer.tokenize(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    public func detokenize(_ tokens: [Int32], removeSpecial: Bool, unparseSpecial: Bool) throws -> String {
        try loadedParts().tokenizer.detokenize(tokens, removeSpecial: removeSpecial, unparseSpecial: unparseSpecial)
    }

    public func prompt(for chat: ChatRequest) throws -> String {
        try loadedParts().templates.prompt(for: chat.messages).prompt
    }

    public func generate(_ request: GenerationRequest) -> GenerationStream {
        GenerationStream { continuation in
            let queued = QueuedRequest(request, continuation: continuation)
            continuation.onTermination = { [weak queue] reason in
                if case .cancelled = reason { queue?.cancel(queued) }
            }
            queue.add(queued)
        }
    }

    public func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        try await perform { try $0.embedder.embed(request, isCancelled: $1) }
    }

    public func rerank(_ request: RerankRequest) async throws -> RerankResult {
        try await perform { try $0.embedder.rerank(request, isCancelled: $1) }
    }

    /// Runs `job` on the engine's thread; it is given a way to ask whether nobody wants its result any more.
    private func perform<Result: Sendable>(
        _ job: @escaping @Sendable (EngineSession, () -> Bool) throws -> Result
    ) async throws -> Result {
        let cancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.add(
                    EngineJob(
                        run: { [queue] session in
                            do {
                                let result = try job(session) { cancelled.isSet || queue.isClosed }
                                continuation.resume(returning: result)
                            } catch is CancellationError where queue.isClosed {
                                continuation.resume(throwing: InferenceError.unloaded)
                            } catch {
                                continuation.resume(throwing: error)
                            }
                        },
                        fail: { continuation.resume(throwing: $0) }))
            }
        } onCancel: {
            cancelled.set()
        }
    }

    public var activity: ModelActivity {
        var activity = ModelActivity()
        activity.activeRequestCount = queue.activeCount
        activity.queuedRequestCount = queue.waitingCount
        return activity
    }

    /// Ends running streams with `InferenceError.unloaded` and frees the memory before it returns.
    public func unload() async {
        parts.withLock { $0 = nil }
        queue.close()
        await queue.waitForEnd()
    }

    private func loadedParts() throws -> Parts {
        guard let parts = parts.withLock({ $0 }) else { throw InferenceError.unloaded }
        return parts
    }
}

public import Inference
import Synchronization

/// A model that engines beside this Roost have: answers as a loaded model does, by asking one of them.
///
/// While no token of an answer has come, a request that an engine fails at goes to the next one that has the model; after
/// that an error is an error. Token ids of answers are not told by other programs: `GenerationResult.tokens` is empty, and
/// ids in log probabilities are −1 where they are not known.
public final class RemoteModel: RunningModel {
    let route: RoutingState.Route
    let router: EngineRouter
    private let counts = Mutex(Counts())

    private struct Counts {
        var activity = ModelActivity()
        var nextNumber = 0
        var ends: [Int: @Sendable (any Error) -> Void] = [:]
    }

    init(route: RoutingState.Route, router: EngineRouter) {
        self.route = route
        self.router = router
    }

    /// The name that was asked for.
    public var name: String { route.name }
    /// The model at each engine that has it, in their order.
    public var offers: [OfferedModel] { route.targets.map(\.model) }

    /// What its first engine tells of it.
    public var info: LoadedModelInfo {
        let first = route.targets.first?.model
        var info = LoadedModelInfo(
            name: route.name, place: first.map { "\($0.origin) \($0.facts.name)" } ?? "",
            architecture: first?.facts.family ?? "unknown")
        info.byteCount = first?.facts.byteCount ?? 0
        info.contextLength = first?.facts.contextLength ?? 0
        info.trainedContextLength = info.contextLength
        info.embeddingLength = first?.facts.embeddingLength ?? 0
        return info
    }

    /// Nothing: it is in another machine's memory, or another program's.
    public var memory: ModelMemory { ModelMemory(weightsByteCount: 0, contextByteCount: 0, computeByteCount: 0) }

    /// What this Roost has asked of it since somebody began to use it.
    public var activity: ModelActivity { counts.withLock { $0.activity } }

    /// Serves a request. What the engine's API does not know is left out; what cannot be left out is refused.
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        let queue = EventQueue<GenerationEvent>()
        let number = began { queue.finish(throwing: $0, dropping: true) }
        let task = Task { [self] in
            defer { ended(number) }
            do {
                try request.validate()
                var work = RemoteGeneration(request: request, model: self)
                try await work.run(into: queue)
                queue.finish()
            } catch {
                queue.finish(throwing: error)
            }
        }
        let limit = request.timeLimit.map { limit in
            Task {
                try await Task.sleep(for: limit)
                queue.finish(throwing: InferenceError.deadlineExceeded(limit: limit), dropping: true)
                task.cancel()
            }
        }
        let reader = StreamReader(queue: queue) {
            task.cancel()
            limit?.cancel()
        }
        return GenerationStream { try await reader.next() }
    }

    /// Ends running answers with `InferenceError.unloaded`. The engine keeps the model as long as it likes.
    public func unload() async {
        let ends = counts.withLock { Array($0.ends.values) }
        for end in ends { end(InferenceError.unloaded) }
    }

    // MARK: Counting

    func began(_ end: @escaping @Sendable (any Error) -> Void) -> Int {
        counts.withLock { counts in
            counts.nextNumber += 1
            counts.activity.activeRequestCount += 1
            counts.ends[counts.nextNumber] = end
            return counts.nextNumber
        }
    }

    func ended(_ number: Int) {
        counts.withLock { counts in
            guard counts.ends.removeValue(forKey: number) != nil else { return }
            counts.activity.activeRequestCount -= 1
        }
    }

    func count(_ result: GenerationResult) {
        counts.withLock { counts in
            counts.activity.generatedTokenCount += Int64(result.completionTokenCount)
            guard result.choice == 0 else { return }
            counts.activity.promptTokenCount += Int64(result.promptTokenCount - result.cachedPromptTokenCount)
            counts.activity.cachedPromptTokenCount += Int64(result.cachedPromptTokenCount)
        }
    }
}

/// Reads a queue, and ends the work behind it when nobody reads any more.
private final class StreamReader: Sendable {
    private let queue: EventQueue<GenerationEvent>
    private let cancel: @Sendable () -> Void

    init(queue: EventQueue<GenerationEvent>, cancel: @escaping @Sendable () -> Void) {
        self.queue = queue
        self.cancel = cancel
    }

    deinit {
        queue.finish(dropping: true)
        cancel()
    }

    func next() async throws -> GenerationEvent? {
        do {
            if let event = try await queue.next() { return event }
        } catch {
            cancel()
            throw error
        }
        cancel()
        return nil
    }
}

import Roost
import Synchronization

/// Runs jobs on the model manager and ties each to its client: when the client goes away or the server stops, the
/// generation ends and its slot is free.
struct GenerationRunner: Sendable {
    let manager: ModelManager
    let active: ActiveGenerations
    let metrics: ServerMetrics
    /// Most time for an answer, its wait for a turn included.
    var timeLimit: Duration?

    /// Loads the model and begins. Returns with the first event, so that what can be refused is refused with a status.
    ///
    /// Throws `APIError`.
    func start(_ job: GenerationJob, for context: RoostRequestContext) async throws -> StartedGeneration {
        context.record.model = job.model
        var job = job
        if let saving = context.saving {
            // Nothing is kept, nor told, of a model that the caller may not use.
            try await requireModel(job.model, for: context.caller)
            job.recording = try await saving.recording(of: job, for: context, in: manager)
        }
        return try await start(job, by: context.caller, connection: await context.connection())
    }

    /// The same for a client that may come back: without a connection the generation goes on when that closes.
    ///
    /// Throws `APIError`.
    func start(
        _ job: GenerationJob, by caller: Caller, connection: ConnectionWatcher? = nil
    ) async throws -> StartedGeneration {
        var job = job
        job.request.tenant = caller.name
        if let timeLimit { job.request.timeLimit = min(timeLimit, job.request.timeLimit ?? timeLimit) }
        try await requireModel(job.model, for: caller)
        do {
            job.apply(try await manager.preset(of: job.model))
        } catch {
            throw APIError(error, model: job.model)
        }
        return try await start(job, for: caller, connection: connection)
    }

    private func start(
        _ job: GenerationJob, for caller: Caller, connection: ConnectionWatcher?
    ) async throws -> StartedGeneration {
        if job.hasImages { try await requireProjector(job.model) }
        let submitted = ContinuousClock.now
        let (events, eventSink) = GenerationEvents.makeStream()
        let (starts, startSink) = AsyncThrowingStream<Start, any Error>.makeStream()
        let interruption = Interruption()
        let interrupt: @Sendable (APIError) -> Void = { error in
            interruption.set(error)
            startSink.finish(throwing: error)
            eventSink.finish(throwing: error)
        }
        let number = try active.add(for: caller, interrupt)
        let observer = connection?.onClose { interrupt(.unavailable("The client closed the connection.")) }
        let latch = CancellationLatch()
        eventSink.onEnd {
            latch.cancel()
            active.remove(number)
            if let observer { connection?.forget(observer) }
        }
        latch.set(
            Task {
                do {
                    try await manager.withModel(job.model, options: job.load, keepAlive: job.keepAlive) { model in
                        let loadDuration = ContinuousClock.now - submitted
                        let (stream, warning) = try job.stream(on: model)
                        var isStarted = false
                        var meter = GenerationMeter(
                            metrics, model: model.info.name, choiceCount: job.request.choiceCount)
                        defer { meter.end() }
                        for try await event in stream {
                            meter.take(event)
                            try await job.recording?.take(event)
                            if !isStarted {
                                isStarted = true
                                startSink.yield(Start(loadDuration: loadDuration, warning: warning))
                                startSink.finish()
                            }
                            if case .finished(let result) = event {
                                await job.beforeEnd?(model, job.request)
                                manager.recordAnswer(result, of: job.model, by: model)
                            }
                            eventSink.yield(event)
                        }
                        try Task.checkCancellation()
                    }
                    startSink.finish()
                    eventSink.finish()
                } catch {
                    await job.recording?.interrupt()
                    startSink.finish(throwing: error)
                    eventSink.finish(throwing: error)
                }
            })
        do {
            for try await start in starts {
                return StartedGeneration(
                    job: job, submitted: submitted, loadDuration: start.loadDuration,
                    warnings: job.warnings + (start.warning.map { [$0] } ?? []), events: events,
                    interruption: interruption, cancel: { eventSink.finish(throwing: CancellationError()) })
            }
            throw CancellationError()
        } catch {
            eventSink.finish(throwing: error)
            throw APIError(error, model: job.model)
        }
    }

    /// A model that cannot see is not loaded for a picture.
    private func requireProjector(_ model: String) async throws {
        do {
            switch try await manager.servedModel(named: model) {
            case .stored(let record):
                guard record.files.contains(where: { $0.role == .projector }) else {
                    throw InferenceError.noProjector(model: record.name.display)
                }
            case .remote(let offer):
                // What its engine does not tell, it says when it is asked.
                if offer.can("vision") == false { throw InferenceError.noProjector(model: offer.name) }
            }
        } catch {
            throw APIError(error, model: model)
        }
    }

    /// Runs `body` with the model loaded, for answers that come in one piece. It is cancelled when the client goes away
    /// or the server stops.
    ///
    /// Throws `APIError`.
    func answer<Answer: Sendable>(
        on name: String, load: LoadOptions? = nil, keepAlive: KeepAlive? = nil, for context: RoostRequestContext,
        _ body: @escaping @Sendable (any RunningModel, _ loadDuration: Duration) async throws -> Answer
    ) async throws -> Answer {
        try await requireModel(name, for: context.caller)
        let submitted = ContinuousClock.now
        context.record.model = name
        let connection = await context.connection()
        let task = Task {
            try await manager.withModel(name, options: load, keepAlive: keepAlive) { model in
                try await body(model, ContinuousClock.now - submitted)
            }
        }
        let interruption = Interruption()
        let interrupt: @Sendable (APIError) -> Void = { error in
            interruption.set(error)
            task.cancel()
        }
        let number: Int
        do {
            number = try active.add(for: context.caller, interrupt)
        } catch {
            task.cancel()
            throw error
        }
        let observer = connection?.onClose { interrupt(.unavailable("The client closed the connection.")) }
        defer {
            active.remove(number)
            if let observer { connection?.forget(observer) }
        }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            throw interruption.error ?? APIError(error, model: name)
        }
    }

    private struct Start: Sendable {
        let loadDuration: Duration
        let warning: String?
    }
}

/// A generation under way.
struct StartedGeneration: Sendable {
    let job: GenerationJob
    let submitted: ContinuousClock.Instant
    /// Until the model was ready for this request.
    let loadDuration: Duration
    let warnings: [String]
    let events: GenerationEvents
    /// Why it is to end before its events do. Events that were not written yet count no more then.
    let interruption: Interruption
    /// Ends it; nothing happens when it has ended.
    let cancel: @Sendable () -> Void

    var warning: String? { warnings.isEmpty ? nil : warnings.joined(separator: " ") }

    /// All choices at once, by their number. Throws `APIError`.
    func answers() async throws -> [CollectedAnswer] {
        defer { cancel() }
        var answers: [CollectedAnswer] = []
        var logProbabilities: [Int: [TokenLogProbability]] = [:]
        do {
            for try await event in events {
                switch event {
                case .queued, .promptProgress: continue
                case .delta(let delta): logProbabilities[delta.choice, default: []] += delta.logProbabilities
                case .finished(let result):
                    answers.append(
                        CollectedAnswer(
                            result: result, logProbabilities: logProbabilities.removeValue(forKey: result.choice) ?? [])
                    )
                }
                if answers.count == job.request.choiceCount {
                    return answers.sorted { $0.result.choice < $1.result.choice }
                }
            }
        } catch {
            throw APIError(error, model: job.model)
        }
        throw APIError.unavailable("The request was cancelled.")
    }
}

/// An error that ends a generation from outside.
final class Interruption: Sendable {
    private let stored = Mutex<APIError?>(nil)

    /// The error, once there is one.
    var error: APIError? { stored.withLock { $0 } }

    /// Sets the error; the first one counts.
    func set(_ error: APIError) { stored.withLock { $0 = $0 ?? error } }
}

/// Cancels a task that may not have been made yet.
private final class CancellationLatch: Sendable {
    private struct State {
        var isCancelled = false
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    func set(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}

import Foundation
import Synchronization

/// The thread that a model's engine lives on, and its way in from others.
final class EngineThread: Sendable {
    /// More requests than this may not wait.
    static let waitingLimit = 1024

    private struct State {
        var activity = ModelActivity()
        /// Requests that are not taken by the engine's thread yet.
        var arrivingCount = 0
        var isClosed = false
        var hasEnded = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let inbox = EngineInbox()
    private let state = Mutex(State())
    private let preparation = Mutex<PreparationThread?>(nil)

    /// Runs `open` on a new thread, then serves until `close()`; what `open` made is freed before the thread ends.
    func start(_ open: @escaping @Sendable (EngineThread) throws -> EngineParts) {
        let thread = Thread { self.run(open) }
        thread.name = "roost-engine"
        thread.stackSize = 16 << 20
        thread.start()
    }

    private func run(_ open: (EngineThread) throws -> EngineParts) {
        if let parts = try? open(self) { serve(parts) }
        close()
        // It holds the model too.
        preparation.withLock { preparation in
            defer { preparation = nil }
            return preparation
        }?.waitForEnd()
        for case .perform(let job) in inbox.take(waits: false).commands { job(nil) }
        let waiters = state.withLock { state in
            state.hasEnded = true
            state.activity = ModelActivity()
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func serve(_ parts: EngineParts) {
        while true {
            let isIdle = parts.scheduler?.hasWork != true
            if isIdle { parts.scheduler?.pool.freeSequence() }
            let (commands, isClosed) = inbox.take(waits: isIdle)
            if isClosed {
                for command in commands {
                    switch command {
                    case .perform(let job): job(nil)
                    case .serve(let request): request.task.fail(InferenceError.unloaded)
                    case .lookForStopped: break
                    }
                }
                parts.scheduler?.end()
                return
            }
            for command in commands { perform(command, parts) }
            // Its failure was told to everyone it concerns.
            try? parts.scheduler?.turn()
            publish(parts.scheduler, after: commands)
        }
    }

    private func perform(_ command: EngineInbox.Command, _ parts: EngineParts) {
        switch command {
        case .serve(let request): parts.scheduler?.add(request)
        case .lookForStopped: parts.scheduler?.mayHaveStopped = true
        case .perform(let job): job(parts)
        }
    }

    /// Tells others what the engine does, at least every few turns and when something came to be told.
    ///
    /// Until then a request counts as arriving: its first turn may be long, and nobody is to think the engine idle.
    private func publish(_ scheduler: Scheduler?, after commands: [EngineInbox.Command]) {
        let news = scheduler?.hasNews(isDue: !commands.isEmpty) == true ? scheduler?.activity : nil
        let arrivedCount = commands.count { if case .serve = $0 { true } else { false } }
        guard news != nil || arrivedCount > 0 else { return }
        state.withLock { state in
            state.activity = news ?? state.activity
            state.arrivingCount -= arrivedCount
        }
    }

    /// What the engine does now.
    var activity: ModelActivity {
        state.withLock { state in
            var activity = state.activity
            activity.queuedRequestCount += state.arrivingCount
            return activity
        }
    }

    // MARK: From other threads

    /// Requests are made ready by `prepare`, on a thread of its own.
    func prepareRequests(with prepare: @escaping @Sendable (GenerationTask) throws -> PreparedRequest) {
        let thread = PreparationThread(prepare: prepare) { [weak self] task, result in
            self?.take(task, result)
        }
        preparation.withLock { $0 = thread }
        thread.start()
    }

    /// Takes a request in, or fails it when too many wait or the engine is closed.
    func serve(_ task: GenerationTask) {
        let refusal: InferenceError? = state.withLock { state in
            if state.isClosed { return .unloaded }
            let waiting = state.activity.queuedRequestCount + state.arrivingCount
            if waiting >= Self.waitingLimit { return .queueFull(limit: Self.waitingLimit) }
            state.arrivingCount += 1
            return nil
        }
        if let refusal { return task.fail(refusal) }
        task.onStop { [weak inbox] in inbox?.send(.lookForStopped) }
        if preparation.withLock({ $0?.add(task) }) != true { refuse(task, InferenceError.unloaded) }
    }

    private func take(_ task: GenerationTask, _ result: Result<PreparedRequest, any Error>) {
        switch result {
        case .success(let request) where !task.isStopped:
            if !inbox.send(.serve(request)) { refuse(task, InferenceError.unloaded) }
        case .success: refuse(task, CancellationError())
        case .failure(let error): refuse(task, error)
        }
    }

    private func refuse(_ task: GenerationTask, _ error: any Error) {
        state.withLock { $0.arrivingCount -= 1 }
        task.fail(error)
    }

    /// Runs `job` on the engine's thread, between two turns: it should not take longer than one.
    ///
    /// Throws what the job throws; `InferenceError.unloaded` when the engine is closed.
    func perform<Result: Sendable>(_ job: @escaping @Sendable (EngineParts) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = inbox.send(
                .perform { parts in
                    guard let parts else { return continuation.resume(throwing: InferenceError.unloaded) }
                    continuation.resume(with: Swift.Result { try job(parts) })
                })
            if !isTaken { continuation.resume(throwing: InferenceError.unloaded) }
        }
    }

    /// Refuses what comes; what waits and what runs ends with `InferenceError.unloaded`.
    func close() {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard wasOpen else { return }
        for task in preparation.withLock({ $0?.close() }) ?? [] { refuse(task, InferenceError.unloaded) }
        inbox.close()
    }

    /// Returns when the thread has freed everything.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state in
                if !state.hasEnded { state.endWaiters.append(continuation) }
                return state.hasEnded
            }
            if ended { continuation.resume() }
        }
    }
}

import Dispatch
import Synchronization

/// Work for the engine's thread beside generation.
struct EngineJob: Sendable {
    let run: @Sendable (EngineSession) -> Void
    let fail: @Sendable (any Error) -> Void
}

/// What the engine's thread does next.
enum EngineTask {
    case request(QueuedRequest)
    case job(EngineJob)
}

/// The requests that wait for one model, in order of arrival, and the one that is served.
final class RequestQueue: Sendable {
    /// More than this many waiting requests are refused.
    static let limit = 1024

    private struct State {
        var waiting: [QueuedRequest] = []
        var jobs: [EngineJob] = []
        var active: QueuedRequest?
        var isClosed = false
        var hasEnded = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    var activeCount: Int { state.withLock { $0.active == nil ? 0 : 1 } }
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes the request in, or fails it when the queue is full or closed.
    func add(_ request: QueuedRequest) {
        let refusal: InferenceError? = state.withLock { state in
            if state.isClosed { return .unloaded }
            if state.waiting.count >= Self.limit { return .queueFull(limit: Self.limit) }
            state.waiting.append(request)
            return nil
        }
        if let refusal { request.fail(refusal) } else { wake.signal() }
    }

    /// Takes the job in, or fails it when the queue is full or closed.
    func add(_ job: EngineJob) {
        let refusal: InferenceError? = state.withLock { state in
            if state.isClosed { return .unloaded }
            if state.jobs.count >= Self.limit { return .queueFull(limit: Self.limit) }
            state.jobs.append(job)
            return nil
        }
        if let refusal { job.fail(refusal) } else { wake.signal() }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Takes a request out that nobody waits for any more; one that is being served is told to stop.
    func cancel(_ request: QueuedRequest) {
        request.stop()
        state.withLock { state in state.waiting.removeAll { $0 === request } }
    }

    /// Blocks until there is something to do; `nil` when the queue was closed. For the engine's thread.
    func next() -> EngineTask? {
        while true {
            let (task, closed): (EngineTask?, Bool) = state.withLock { state in
                if state.isClosed { return (nil, true) }
                if !state.jobs.isEmpty { return (.job(state.jobs.removeFirst()), false) }
                guard !state.waiting.isEmpty else { return (nil, false) }
                let request = state.waiting.removeFirst()
                state.active = request
                return (.request(request), false)
            }
            if closed { return nil }
            if let task { return task }
            wake.wait()
        }
    }

    /// The engine is done with what `next()` gave it.
    func finishActive() { state.withLock { $0.active = nil } }

    /// Refuses what comes, fails what waits, stops what runs.
    func close() {
        let (waiting, active, jobs) = state.withLock { state in
            state.isClosed = true
            defer {
                state.waiting = []
                state.jobs = []
            }
            return (state.waiting, state.active, state.jobs)
        }
        for job in jobs { job.fail(InferenceError.unloaded) }
        for request in waiting { request.fail(InferenceError.unloaded) }
        if let active {
            active.fail(InferenceError.unloaded)
            active.stop()
        }
        wake.signal()
    }

    /// The engine's thread has freed everything.
    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.endWaiters = [] }
            return state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when `end()` was called.
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

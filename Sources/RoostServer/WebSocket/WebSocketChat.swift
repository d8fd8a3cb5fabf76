import Roost
import Synchronization

/// A chat of a session: its task, and what of it waits until the client has read more.
final class WebSocketChat: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isCancelled = false
        var held: [WebSocketDelta] = []
        var heldByteCount = 0
        var end: WebSocketMessage?
        var isDelivered = false
    }

    let id: String
    private let state = Mutex(State())

    init(id: String) { self.id = id }

    // MARK: Running

    func run(_ job: GenerationJob, by caller: Caller, runner: GenerationRunner, in session: WebSocketSession) {
        let task = Task { [self] in
            var results: [GenerationResult] = []
            do {
                let generation = try await runner.start(job, by: caller)
                defer { generation.cancel() }
                for try await event in generation.events {
                    if let error = generation.interruption.error { throw error }
                    switch event {
                    case .queued, .promptProgress: continue
                    case .delta(let delta): session.deliver(WebSocketDelta(delta), of: self)
                    case .finished(let result): results.append(result)
                    }
                    if results.count == job.request.choiceCount { break }
                }
                if results.count < job.request.choiceCount { throw CancellationError() }
                session.finish(self, with: .done(id: id, WebSocketDone(results, warning: generation.warning)))
            } catch {
                session.finish(
                    self,
                    with: wasCancelled
                        ? .done(id: id, .cancelled(results, choiceCount: job.request.choiceCount))
                        : .error(id: id, NativeFailure(error, model: job.model)))
            }
        }
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

    private var wasCancelled: Bool { state.withLock { $0.isCancelled } }

    // MARK: What waits

    var isHeldUp: Bool { state.withLock { !$0.held.isEmpty } }
    var hasEnd: Bool { state.withLock { $0.end != nil } }
    var heldByteCount: Int { state.withLock { $0.heldByteCount } }
    /// Whether its end is among the session's messages.
    var isDelivered: Bool { state.withLock { $0.isDelivered } }

    func hold(_ delta: WebSocketDelta) {
        state.withLock { state in
            state.heldByteCount += delta.byteCount
            if let place = state.held.lastIndex(where: { $0.choice == delta.choice }) {
                state.held[place].append(delta)
            } else {
                state.held.append(delta)
            }
        }
    }

    /// Sets the last message; the first one counts.
    func setEnd(_ message: WebSocketMessage) { state.withLock { $0.end = $0.end ?? message } }

    /// The next message that waits.
    func next() -> WebSocketMessage? {
        state.withLock { state in
            if !state.held.isEmpty {
                let delta = state.held.removeFirst()
                state.heldByteCount = max(0, state.heldByteCount - delta.byteCount)
                return .delta(id: id, delta)
            }
            guard let end = state.end, !state.isDelivered else { return nil }
            state.isDelivered = true
            return end
        }
    }
}

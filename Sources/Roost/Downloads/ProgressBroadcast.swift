import Synchronization

/// The newest value of something for any number of listeners: each begins with the present one, and a slow one misses
/// steps between.
final class ProgressBroadcast<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var listeners: [Int: AsyncStream<Value>.Continuation] = [:]
        var nextListener = 0
        var isOver = false
    }

    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }

    func listen() -> AsyncStream<Value> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let number: Int? = state.withLock { state in
                continuation.yield(state.value)
                guard !state.isOver else { return nil }
                state.nextListener += 1
                state.listeners[state.nextListener] = continuation
                return state.nextListener
            }
            guard let number else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
            }
        }
    }

    func update(_ change: (inout Value) -> Void) {
        // Under the lock, or an older value could arrive after a newer one.
        state.withLock { state in
            change(&state.value)
            for listener in state.listeners.values { listener.yield(state.value) }
        }
    }

    func finish(_ change: (inout Value) -> Void) {
        update(change)
        let listeners = state.withLock { state in
            state.isOver = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        // Not under the lock: a listener that ends takes it.
        for listener in listeners { listener.finish() }
    }
}

import Synchronization

/// Tells any number of listeners the newest value of something. Each begins with the present one; a slow one misses
/// steps between.
public final class ProgressBroadcast<Value: Sendable & Equatable>: Sendable {
    private struct State {
        var value: Value
        var listeners: [Int: AsyncStream<Value>.Continuation] = [:]
        var nextListener = 0
        var isOver = false
    }

    private let state: Mutex<State>

    /// A broadcast that begins with a value.
    public init(_ value: Value) { state = Mutex(State(value: value)) }

    /// The present value.
    public var value: Value { state.withLock { $0.value } }

    /// Whether nothing more comes.
    public var isOver: Bool { state.withLock { $0.isOver } }

    /// A sequence that begins with the present value and ends with the broadcast.
    public func listen() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            continuation.yield(state.value)
            guard !state.isOver else { return nil }
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Changes the value and tells it, if it is another then. Nothing happens after the end.
    public func update(_ change: (inout Value) -> Void) {
        // Under the lock, or an older value could arrive after a newer one.
        state.withLock { state in
            guard !state.isOver else { return }
            var next = state.value
            change(&next)
            guard next != state.value else { return }
            state.value = next
            for listener in state.listeners.values { listener.yield(next) }
        }
    }

    /// Tells the last value and ends every sequence.
    public func finish(_ change: (inout Value) -> Void) {
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

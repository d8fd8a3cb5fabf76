import Hardware
import Synchronization
import Workers

/// Tells events to all who listen. One who reads slowly loses the oldest.
///
/// The machine's health is watched from the first listener on, until the end.
final class EventBroadcast: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<RoostEvent>.Continuation] = [:]
        var nextListener = 0
        var watch: Task<Void, Never>?
        var isOver = false
    }

    /// Events that wait for one listener.
    private static let bufferLength = 256

    private let diskPaths: [String]
    private let state = Mutex(State())

    /// - Parameter diskPaths: folders whose file systems are watched.
    init(diskPaths: [String]) { self.diskPaths = diskPaths }

    deinit { state.withLock { $0.watch?.cancel() } }

    func tell(_ event: RoostEvent) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(event) }
    }

    /// What happens from now on.
    func listen() -> AsyncStream<RoostEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RoostEvent.self, bufferingPolicy: .bufferingNewest(Self.bufferLength))
        let number: Int? = state.withLock { state in
            guard !state.isOver else { return nil }
            if state.watch == nil { state.watch = healthWatch() }
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

    /// Ends every sequence.
    func finish() {
        let listeners = state.withLock { state in
            state.isOver = true
            state.watch?.cancel()
            state.watch = nil
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }

    private func healthWatch() -> Task<Void, Never> {
        Task { [weak self, diskPaths] in
            for await event in Machine.healthEvents(diskPaths: diskPaths) { self?.tell(.health(event)) }
        }
    }
}

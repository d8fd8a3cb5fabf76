import Synchronization

/// Tells any number of listeners how far a download is. Who listens late gets the last word first.
final class ProgressFeed: Sendable {
    private struct State {
        var last: DownloadProgress
        var listeners: [Int: AsyncStream<DownloadProgress>.Continuation] = [:]
        var nextListener = 0
        var isFinished = false
    }

    private let state: Mutex<State>

    init(totalByteCount: Int64?) {
        let first = DownloadProgress(
            state: .queued, completedByteCount: 0, totalByteCount: totalByteCount, verifiedByteCount: 0,
            bytesPerSecond: 0, connectionCount: 0)
        state = Mutex(State(last: first))
    }

    var last: DownloadProgress { state.withLock { $0.last } }

    /// A sequence that begins with the present state and ends with the download. A slow listener misses steps between.
    func listen() -> AsyncStream<DownloadProgress> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: DownloadProgress.self, bufferingPolicy: .bufferingNewest(1))
        let id: Int? = state.withLock { state in
            continuation.yield(state.last)
            guard !state.isFinished else { return nil }
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Changes what is told; the counts are kept from going back.
    func update(_ change: (inout DownloadProgress) -> Void) {
        state.withLock { state in
            guard !state.isFinished else { return }
            var next = state.last
            change(&next)
            next.completedByteCount = max(next.completedByteCount, state.last.completedByteCount)
            next.verifiedByteCount = max(next.verifiedByteCount, state.last.verifiedByteCount)
            guard next != state.last else { return }
            state.last = next
            for listener in state.listeners.values { listener.yield(next) }
        }
    }

    /// Tells the last state and ends every sequence.
    func finish(_ end: DownloadProgress.State) {
        update {
            $0.state = end
            $0.bytesPerSecond = 0
            $0.connectionCount = 0
            if end == .completed, let total = $0.totalByteCount {
                $0.completedByteCount = total
                $0.verifiedByteCount = total
            }
        }
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}

import Synchronization

/// Holds bytes back to a rate that may change while they flow. One limiter may serve many connections and downloads.
final class BandwidthLimiter: Sendable {
    private struct State {
        var bytesPerSecond: Int64?
        /// When the bytes let through so far are paid for.
        var paidAt: Duration = .zero
        /// Grows when the rate changes: who waits then looks again.
        var generation = 0
    }

    private let state: Mutex<State>
    /// Whether there is a rate at all: asked for every chunk of every connection.
    private let isLimited: Atomic<Bool>
    private let time: any DownloadTime
    /// No wait is longer without a look at the rate.
    private static let slice = Duration.milliseconds(100)

    init(bytesPerSecond: Int64?, time: any DownloadTime) {
        state = Mutex(State(bytesPerSecond: bytesPerSecond.map { max(1, $0) }))
        isLimited = Atomic(bytesPerSecond != nil)
        self.time = time
    }

    /// Bytes per second; `nil` is no limit.
    var bytesPerSecond: Int64? {
        get { state.withLock { $0.bytesPerSecond } }
        set {
            state.withLock {
                $0.bytesPerSecond = newValue.map { max(1, $0) }
                $0.paidAt = .zero
                $0.generation += 1
                isLimited.store(newValue != nil, ordering: .relaxed)
            }
        }
    }

    /// Returns when the rate allows the bytes that have just come.
    func pass(_ byteCount: Int) async throws {
        guard isLimited.load(ordering: .relaxed) else { return }
        let now = time.now()
        let ticket: (until: Duration, generation: Int)? = state.withLock { state in
            guard let rate = state.bytesPerSecond else { return nil }
            state.paidAt = max(state.paidAt, now) + .seconds(Double(byteCount) / Double(rate))
            return (state.paidAt, state.generation)
        }
        guard let ticket else { return }
        while true {
            let left = ticket.until - time.now()
            guard left > .zero, state.withLock({ $0.generation }) == ticket.generation else { return }
            try await time.sleep(for: min(left, Self.slice))
        }
    }
}

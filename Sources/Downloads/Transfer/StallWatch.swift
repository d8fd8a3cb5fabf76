import Synchronization

/// Watches one connection for silence. Only time spent waiting for the network counts: a download that is held back by
/// a bandwidth limit or a slow disk does not stall.
final class StallWatch: Sendable {
    private struct State {
        var waitingSince: Duration?
        var waited = Duration.zero
        var byteCount = 0
    }

    private let state = Mutex(State())
    private let time: any DownloadTime
    private let timeout: Duration
    private let floorBytesPerSecond: Int

    /// - Parameters:
    ///   - timeout: How long a connection may be silent, or slower than the floor.
    ///   - floorBytesPerSecond: Fewer bytes than this, for that long, are as good as none.
    init(timeout: Duration, floorBytesPerSecond: Int, time: any DownloadTime) {
        self.timeout = timeout
        self.floorBytesPerSecond = floorBytesPerSecond
        self.time = time
    }

    /// The connection waits for bytes from now on.
    func wait() {
        let now = time.now()
        state.withLock { $0.waitingSince = now }
    }

    /// Bytes came.
    func receive(_ count: Int) {
        let now = time.now()
        state.withLock { state in
            if let since = state.waitingSince { state.waited += now - since }
            state.waitingSince = nil
            state.byteCount += count
        }
    }

    /// Throws when the connection stalls; returns only by cancellation.
    func run(url: String) async throws {
        while true {
            try await time.sleep(for: timeout / 8)
            if isStalled() { throw DownloadError.stalled(url, after: timeout) }
        }
    }

    private func isStalled() -> Bool {
        let now = time.now()
        return state.withLock { state in
            let present = state.waitingSince.map { now - $0 } ?? .zero
            let waited = state.waited + present
            guard waited >= timeout else { return false }
            let enough = Double(floorBytesPerSecond) * waited.inSeconds
            if state.byteCount == 0 || Double(state.byteCount) < enough { return true }
            // The next window.
            state.waited = .zero
            state.byteCount = 0
            if state.waitingSince != nil { state.waitingSince = now }
            return false
        }
    }
}

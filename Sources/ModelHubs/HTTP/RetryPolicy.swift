import Foundation

/// When a request for metadata is sent again.
public struct RetryPolicy: Sendable {
    /// Requests in all, the first among them; 1 or more.
    public var maximumAttempts: Int
    /// The longest wait that a server may ask for; when it asks for more, the request fails and says so.
    public var maximumWait: Duration
    /// Waits. Tests give another one.
    public var sleep: @Sendable (Duration) async throws -> Void

    /// Three requests in all, and up to 20 seconds of waiting between two.
    public init(
        maximumAttempts: Int = 3, maximumWait: Duration = .seconds(20),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.maximumAttempts = max(1, maximumAttempts)
        self.maximumWait = maximumWait
        self.sleep = sleep
    }

    /// The wait after a failed attempt: half a second, doubled each time, with half of it random, so that many
    /// clients do not come back at once.
    func backoff(afterAttempt attempt: Int) -> Duration {
        let full = 500 << min(attempt - 1, 6)
        return min(.milliseconds(full / 2 + Int.random(in: 0...(full / 2))), maximumWait)
    }
}

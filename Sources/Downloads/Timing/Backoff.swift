/// How long to wait before another attempt: exponential with full jitter, so that connections that failed together do
/// not come back together.
struct Backoff: Sendable {
    /// The upper bound of the first wait.
    var base: Duration
    /// The upper bound of every wait.
    var cap: Duration
    /// A random number from 0 up to 1.
    var random: @Sendable () -> Double

    /// The wait before attempt `attempt` (1 is the first repetition), never less than what the server asked for.
    func delay(attempt: Int, atLeast asked: Duration? = nil) -> Duration {
        let factor = Double(UInt64(1) << UInt64(min(max(0, attempt - 1), 30)))
        let bound = min(cap.inSeconds, base.inSeconds * factor)
        let jitter = Duration.seconds(bound * random())
        return (asked ?? .zero) + jitter
    }
}

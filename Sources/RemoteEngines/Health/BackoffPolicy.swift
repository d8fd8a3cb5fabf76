/// How long an engine that failed is left alone: twice as long after each failure in a row, up to a limit, and a random
/// part more or less, so that many clients do not come back at the same moment.
public struct BackoffPolicy: Sendable, Hashable {
    /// After the first time. Default 1 second.
    public var first = Duration.seconds(1)
    /// Never longer. Default 30 seconds.
    public var longest = Duration.seconds(30)
    /// The random part, 0 to 1: 0.2 is up to a fifth more or less. Default 0.2.
    public var jitter = 0.2

    /// The defaults above.
    public init() {}

    /// How long after going down for the `count`th time in a row, from 1.
    public func wait(_ count: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(count - 1, 0), 20)
        let plain = min(first * (1 << doublings), longest)
        guard jitter > 0 else { return plain }
        return plain * Double.random(in: (1 - jitter)...(1 + jitter), using: &random)
    }
}

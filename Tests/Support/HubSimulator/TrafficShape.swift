/// How a simulated server treats the connections to it.
public struct TrafficShape: Sendable {
    /// The time between a request and its answer.
    public var latency = Duration.zero
    /// Bytes per second of body on one connection; `nil` for all that goes.
    public var bytesPerSecond: Int64?
    /// The connection is reset after so many bytes of body; `nil` for never.
    public var resetEvery: Int64?

    /// No delay, no limit, no reset.
    public init() {}

    /// The largest part of a body that is sent at once: no more than a client that leaves can waste.
    var partByteCount: Int64 {
        if let bytesPerSecond { return min(max(bytesPerSecond / 50, 4096), 1 << 20) }
        return 1 << 20
    }
}

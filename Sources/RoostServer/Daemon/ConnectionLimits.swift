/// What one connection may take of the server: time and bytes.
public struct ConnectionLimits: Sendable, Hashable {
    /// How long a connection may be open without a request. Default 60 seconds.
    public var idleTimeout = Duration.seconds(60)
    /// How long a request's line and headers may take to arrive. Default 30 seconds.
    public var headTimeout = Duration.seconds(30)
    /// How long the server waits for a request's body, besides a second for each 16 KiB of it. Default 30 seconds.
    public var bodyTimeout = Duration.seconds(30)
    /// How long a client may take nothing of an answer that is ready for it. Default 60 seconds.
    public var stallTimeout = Duration.seconds(60)
    /// How long a connection that is done may take to be closed by the client. Default 2 seconds.
    public var lingerTimeout = Duration.seconds(2)
    /// Bytes of a request's line and headers. Default 16 KiB.
    public var headByteCount = 16 << 10
    /// Header fields of a request. Default 100.
    public var headerCount = 100

    /// Bytes of a body that earn a second more for it.
    static let bodyBytesPerSecond = 16 << 10
    /// Bytes of a request that are read after its answer, to keep the connection; more closes it.
    static let discardedByteCount = 256 << 10

    /// The defaults.
    public init() {}
}

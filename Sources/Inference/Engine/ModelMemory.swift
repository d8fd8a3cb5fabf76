/// Bytes that a loaded model takes, as the engine accounts for them.
public struct ModelMemory: Sendable, Hashable, Codable {
    /// The weights; with a memory map, of the file's pages.
    public var weightsByteCount: Int64
    /// The KV cache.
    public var contextByteCount: Int64
    /// Buffers of the computation.
    public var computeByteCount: Int64
    /// What of it is where, the host first; empty where nobody knows.
    public var devices: [DeviceMemory]

    /// All of it.
    public var totalByteCount: Int64 { weightsByteCount + contextByteCount + computeByteCount }

    /// The sums of what devices give, and that.
    public init(_ devices: [DeviceMemory]) {
        self.init(
            weightsByteCount: devices.reduce(0) { $0 + $1.weightsByteCount },
            contextByteCount: devices.reduce(0) { $0 + $1.contextByteCount },
            computeByteCount: devices.reduce(0) { $0 + $1.computeByteCount }, devices: devices)
    }

    /// The three parts, in bytes.
    public init(
        weightsByteCount: Int64, contextByteCount: Int64, computeByteCount: Int64, devices: [DeviceMemory] = []
    ) {
        self.weightsByteCount = weightsByteCount
        self.contextByteCount = contextByteCount
        self.computeByteCount = computeByteCount
        self.devices = devices
    }
}

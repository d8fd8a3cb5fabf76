/// What one device gives to a model, as the engine accounts for it.
public struct DeviceMemory: Sendable, Hashable, Codable {
    /// The engine's name, such as `CPU`, `CUDA0` or `Vulkan0`. All memory of the host is `CPU`, what a GPU's driver pins
    /// there included.
    public var device: String
    /// Whether it is the machine's own memory.
    public var isHost: Bool
    /// Bytes of the weights.
    public var weightsByteCount: Int64
    /// Bytes of the KV cache and of recurrent states.
    public var contextByteCount: Int64
    /// Bytes of the buffers of the computation.
    public var computeByteCount: Int64

    /// All of it.
    public var totalByteCount: Int64 { weightsByteCount + contextByteCount + computeByteCount }

    /// What a device gives.
    public init(
        device: String, isHost: Bool, weightsByteCount: Int64 = 0, contextByteCount: Int64 = 0,
        computeByteCount: Int64 = 0
    ) {
        self.device = device
        self.isHost = isHost
        self.weightsByteCount = weightsByteCount
        self.contextByteCount = contextByteCount
        self.computeByteCount = computeByteCount
    }
}

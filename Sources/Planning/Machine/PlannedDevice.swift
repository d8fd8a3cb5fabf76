/// A graphics processor that a plan may use.
public struct PlannedDevice: Sendable, Hashable, Codable {
    /// What the engine calls it (`CUDA0`), where it is there; else a name like that, `GPU0`.
    public var name: String
    /// What it is, for people: `NVIDIA GeForce RTX 4090`.
    public var title: String?
    /// Bytes that models may take of it.
    public var memoryByteCount: Int64
    /// All its memory, for messages; `nil` when unknown.
    public var totalByteCount: Int64?
    /// Whether that is the machine's memory: one pool, which the CPU takes from as well.
    public var sharesSystemMemory: Bool
    /// Bytes in a second that it reads from its memory; `nil` when unknown.
    public var bytesPerSecond: Double?

    /// A device.
    public init(
        name: String, title: String? = nil, memoryByteCount: Int64, totalByteCount: Int64? = nil,
        sharesSystemMemory: Bool = false, bytesPerSecond: Double? = nil
    ) {
        self.name = name
        self.title = title
        self.memoryByteCount = max(0, memoryByteCount)
        self.totalByteCount = totalByteCount
        self.sharesSystemMemory = sharesSystemMemory
        self.bytesPerSecond = bytesPerSecond
    }
}

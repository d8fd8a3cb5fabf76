/// A graphics processor that may compute.
public struct GraphicsProcessor: Sendable, Hashable, Codable {
    /// Who made it.
    public enum Maker: String, Sendable, Hashable, Codable, CaseIterable {
        case nvidia, amd, intel, apple, other
    }

    /// Who made it.
    public var maker: Maker
    /// As its maker calls it.
    public var name: String?
    /// Its place on the bus, `0000:01:00.0`, in lower case: the same device has the same everywhere.
    public var busAddress: String?
    /// All memory that models may have on it. Of one that shares the machine's memory, the part that it can use.
    public var totalByteCount: Int64?
    /// Bytes of that in use.
    public var usedByteCount: Int64?
    /// Bytes of that that can be taken.
    public var freeByteCount: Int64?
    /// Whether its memory is the machine's: then it must not be counted twice.
    public var sharesSystemMemory: Bool
    /// NVIDIA's compute capability (`8.9`), AMD's `gfx1100`.
    public var computeCapability: String?
    /// The version of its driver.
    public var driverVersion: String?
    /// Degrees Celsius.
    public var temperature: Double?
    /// Watts that it draws.
    public var power: Double?
    /// Watts that it may draw.
    public var powerLimit: Double?
    /// The part of the time in which it computed lately, 0…1.
    public var utilization: Double?

    /// One of which little is known yet.
    public init(maker: Maker, name: String? = nil, sharesSystemMemory: Bool = false) {
        self.maker = maker
        self.name = name
        self.sharesSystemMemory = sharesSystemMemory
    }
}

/// What a plan is made for: the memory that models may take, and what computes.
public struct PlannedMachine: Sendable, Hashable, Codable {
    /// Bytes of the machine's memory that models may take.
    public var memoryByteCount: Int64
    /// All of the machine's memory, for messages; `nil` when unknown.
    public var totalByteCount: Int64?
    /// Threads that compute best.
    public var threadCount: Int
    /// Graphics processors, in the engine's order.
    public var graphics: [PlannedDevice]
    /// Bytes in a second that the processor reads from the machine's memory; `nil` when unknown.
    public var bytesPerSecond: Double?
    /// Measured limits; `nil` when nothing was measured.
    public var ceiling: MachineCeiling?
    /// Which weights the processor's kernels want in another order.
    public var repacking: Repacking
    /// Whether models go to GPUs where there are any.
    public var prefersGraphics: Bool
    /// What was taken for granted because the description does not say it.
    public var assumptions: [String]
    /// Whether it is this machine: else there is no engine to ask for exact figures.
    public var isHere: Bool

    /// A machine.
    public init(
        memoryByteCount: Int64, threadCount: Int, graphics: [PlannedDevice] = [], totalByteCount: Int64? = nil,
        bytesPerSecond: Double? = nil, ceiling: MachineCeiling? = nil,
        repacking: Repacking = Repacking(architecture: "x86_64", features: nil), prefersGraphics: Bool = true,
        assumptions: [String] = [], isHere: Bool = false
    ) {
        self.memoryByteCount = max(0, memoryByteCount)
        self.threadCount = max(1, threadCount)
        self.graphics = graphics
        self.totalByteCount = totalByteCount
        self.bytesPerSecond = bytesPerSecond
        self.ceiling = ceiling
        self.repacking = repacking
        self.prefersGraphics = prefersGraphics
        self.assumptions = assumptions
        self.isHere = isHere
    }

    /// The GPUs that models go to.
    public var usedGraphics: [PlannedDevice] { prefersGraphics ? graphics.filter { $0.memoryByteCount > 0 } : [] }

    /// Every pool of memory once: the machine's, and those of GPUs in use that have their own.
    public var poolByteCount: Int64 {
        usedGraphics.filter { !$0.sharesSystemMemory }.reduce(memoryByteCount) { $0.addingClamped($1.memoryByteCount) }
    }
}

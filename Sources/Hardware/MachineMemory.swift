/// The memory of a machine.
public struct MachineMemory: Sendable, Hashable, Codable {
    /// All of it.
    public var totalByteCount: Int64?
    /// What can be taken without swapping; pages of mapped files count as such.
    public var availableByteCount: Int64?
    /// All swap space; 0 is none.
    public var swapByteCount: Int64?
    /// Swap space that is free.
    public var freeSwapByteCount: Int64?
    /// Bytes of one reserved huge page.
    public var hugePageByteCount: Int64?
    /// Huge pages that are reserved, and how many of them are free.
    public var hugePageCount: Int?
    /// Reserved huge pages that nobody uses.
    public var freeHugePageCount: Int?
    /// When the kernel makes huge pages by itself: `always`, `madvise`, `never`.
    public var transparentHugePages: String?
    /// Whether processor and graphics share it.
    public var isUnified: Bool

    /// Nothing is known yet.
    public init(totalByteCount: Int64? = nil, availableByteCount: Int64? = nil, isUnified: Bool = false) {
        self.totalByteCount = totalByteCount
        self.availableByteCount = availableByteCount
        self.isUnified = isUnified
    }
}

/// What control groups leave to a process: the least of its group and all groups above it.
public struct ResourceLimits: Sendable, Hashable, Codable {
    /// Processors' time, in cores: 1.5 is one and a half; `nil` is no limit.
    public var processorQuota: Double?
    /// Hardware threads that the groups allow; `nil` is all.
    public var threads: [Int]?
    /// Most memory; `nil` is no limit.
    public var memoryByteCount: Int64?
    /// Memory that can still be taken within that; pages of files count as such.
    public var memoryRoomByteCount: Int64?

    /// No limits.
    public init(
        processorQuota: Double? = nil, threads: [Int]? = nil, memoryByteCount: Int64? = nil,
        memoryRoomByteCount: Int64? = nil
    ) {
        self.processorQuota = processorQuota
        self.threads = threads
        self.memoryByteCount = memoryByteCount
        self.memoryRoomByteCount = memoryRoomByteCount
    }
}

import Foundation

/// The memory of this machine, or of the container that this process is in, at one moment.
public struct MachineMemory: Sendable, Hashable {
    /// Bytes that can be taken without swapping; pages of mapped files count as such.
    public var availableByteCount: Int64
    /// All bytes that there are.
    public var totalByteCount: Int64

    /// A reading.
    public init(availableByteCount: Int64, totalByteCount: Int64) {
        self.availableByteCount = availableByteCount
        self.totalByteCount = totalByteCount
    }

    /// The memory now; `nil` where the system does not say.
    public static func current() -> MachineMemory? {
        guard let available = SystemMemory.availableByteCount else { return nil }
        var total = Int64(clamping: ProcessInfo.processInfo.physicalMemory)
        #if !canImport(Darwin)
            if let limit = SystemMemory.groupLimit, limit > 0 { total = min(total, limit) }
        #endif
        return MachineMemory(availableByteCount: available, totalByteCount: max(total, available))
    }
}

public import Hardware
import Inference

/// How much memory models may take together.
public struct MemoryBudget: Sendable {
    /// What bounds it.
    public let limit: MemoryLimit
    private let machine: @Sendable () -> UsableMemory?

    /// A budget.
    ///
    /// - Parameter machine: reads the machine's memory; `nil` where that cannot be told.
    public init(
        _ limit: MemoryLimit = .available, machine: @escaping @Sendable () -> UsableMemory? = { UsableMemory.current() }
    ) {
        self.limit = limit
        self.machine = machine
    }

    /// A model that has memory, or has been promised some.
    struct Holding {
        var memory: ModelMemory
        /// Whether it has the memory already.
        var isLoaded: Bool
        /// Whether its weights are pages of a file, which the system counts as available.
        var isMapped: Bool

        var pendingByteCount: Int64 {
            isLoaded ? (isMapped ? memory.weightsByteCount : 0) : memory.totalByteCount
        }
    }

    /// Part of the machine's memory below which what is left counts as short.
    private static let shortShare = 0.2

    /// Whether little is left, pages of mapped weights not counted as left; true where that cannot be told. Compilers
    /// and copies make others wait for memory too, while there is plenty: no reason to let models go.
    func isShort(beside holdings: [Holding]) -> Bool {
        guard let reading = machine() else { return true }
        let left = holdings.reduce(reading.availableByteCount) { $0 - $1.pendingByteCount }
        return Double(left) < Double(reading.totalByteCount) * Self.shortShare
    }

    /// Bytes that are left beside `holdings`, less than 0 when they have too much already; `nil` when nothing is known.
    func room(beside holdings: [Holding]) -> Int64? {
        let reading = machine()
        let free = reading.map { reading in
            holdings.reduce(reading.availableByteCount) { $0 - $1.pendingByteCount }
        }
        guard let bound = limit.byteCount(of: reading?.totalByteCount) else { return free }
        let allowed = holdings.reduce(bound) { $0 - $1.memory.totalByteCount }
        return min(allowed, free ?? allowed)
    }

    /// Whether a model that has nobody beside it is refused on a forecast alone. Without a limit of its own the engine
    /// decides, which knows the exact figure.
    var isStrict: Bool { limit != .available }
}

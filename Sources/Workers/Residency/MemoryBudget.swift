public import Hardware
import Inference

/// How much memory models may take together.
public struct MemoryBudget: Sendable {
    /// What bounds it.
    public enum Limit: Sendable, Hashable {
        /// What the machine has left.
        case available
        /// This many bytes, > 0, and no more than the machine has left.
        case bytes(Int64)
        /// This part of the machine's memory, in 0…1, and no more than it has left.
        case share(Double)
    }

    /// What bounds it.
    public let limit: Limit
    private let machine: @Sendable () -> UsableMemory?

    /// A budget.
    ///
    /// - Parameter machine: reads the machine's memory; `nil` where that cannot be told.
    public init(
        _ limit: Limit = .available, machine: @escaping @Sendable () -> UsableMemory? = { UsableMemory.current() }
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
        let bound: Int64? =
            switch limit {
            case .available: nil
            case .bytes(let count): count
            case .share(let share):
                reading.map { Int64((Double($0.totalByteCount) * min(max(share, 0), 1)).rounded()) }
            }
        guard let bound else { return free }
        let allowed = holdings.reduce(bound) { $0 - $1.memory.totalByteCount }
        return min(allowed, free ?? allowed)
    }

    /// Whether a model that has nobody beside it is refused on a forecast alone. Without a limit of its own the engine
    /// decides, which knows the exact figure.
    var isStrict: Bool { limit != .available }
}

extension MemoryBudget.Limit {
    /// Reads bytes as people write them (`8GiB`, `6G`, `500M`, `1073741824`; `K`, `M`, `G`, `T` are powers of 1000,
    /// `Ki` … of 1024) or a part of the machine's memory (`80%`). `nil` when it is neither, or nothing.
    public init?(_ text: String) {
        var rest = text.lowercased().filter { !$0.isWhitespace }[...]
        if rest.hasSuffix("%") {
            guard let percent = Self.number(rest.dropLast()), percent > 0, percent <= 100 else { return nil }
            self = .share(percent / 100)
            return
        }
        if rest.hasSuffix("b") { rest = rest.dropLast() }
        var base = 1000.0
        if rest.hasSuffix("i") {
            base = 1024
            rest = rest.dropLast()
        }
        var factor = 1.0
        if let power = rest.last.flatMap({ "kmgt".firstIndex(of: $0) }) {
            for _ in 0..."kmgt".distance(from: "kmgt".startIndex, to: power) { factor *= base }
            rest = rest.dropLast()
        } else if base != 1000 {
            return nil
        }
        guard let number = Self.number(rest), number * factor >= 1, number * factor < 9e18 else { return nil }
        self = .bytes(Int64((number * factor).rounded()))
    }

    private static func number(_ text: Substring) -> Double? {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { return nil }
        return Double(text)
    }
}

/// A machine's processor, as far as it matters to computing threads.
public struct CentralProcessor: Sendable, Hashable, Codable {
    /// As its maker calls it.
    public var name: String?
    /// `x86_64`, `arm64`.
    public var architecture: String
    /// Sockets with a processor.
    public var packageCount: Int?
    /// Physical cores that are on.
    public var coreCount: Int
    /// Those of them that are fast, where there are two kinds; else `nil`.
    public var performanceCoreCount: Int?
    /// Those of them that save power, where there are two kinds; else `nil`.
    public var efficiencyCoreCount: Int?
    /// Hardware threads that are on.
    public var threadCount: Int
    /// Hardware threads that this process may use (affinity), by number.
    public var usableThreads: [Int]
    /// Physical cores that this process may use.
    public var usableCoreCount: Int
    /// The fast ones of them, where there are two kinds; else `nil`.
    public var usablePerformanceCoreCount: Int?
    /// What its instruction set has, by the kernel's names, as far as the engine has use for it.
    public var features: [String]
    /// Its caches, smallest level first.
    public var caches: [Cache]
    /// Its NUMA nodes; empty when unknown.
    public var nodes: [Node]

    /// Threads that compute best within a quota of cores; at least 1.
    func computeThreadCount(quota: Double?) -> Int {
        let cores = usablePerformanceCoreCount ?? usableCoreCount
        return max(1, min(cores, quota.flatMap { Int(exactly: $0.rounded(.down)) } ?? .max))
    }

    /// The bytes of the last level of cache, all of them together.
    public var lastLevelCacheByteCount: Int64? {
        guard let level = caches.map(\.level).max() else { return nil }
        return caches.filter { $0.level == level }.reduce(0) { $0 + $1.byteCount * Int64($1.count) }
    }

    /// Caches of one kind.
    public struct Cache: Sendable, Hashable, Codable {
        /// What it keeps.
        public enum Kind: String, Sendable, Hashable, Codable {
            case data, instruction, unified
        }

        /// 1 is nearest to the core.
        public var level: Int
        /// What it keeps.
        public var kind: Kind
        /// Bytes of each.
        public var byteCount: Int64
        /// How many there are.
        public var count: Int
    }

    /// A part of the machine with memory of its own (NUMA).
    public struct Node: Sendable, Hashable, Codable {
        /// Its number.
        public var number: Int
        /// Its hardware threads.
        public var threads: [Int]
        /// Its memory.
        public var totalByteCount: Int64?
    }
}

/// Which sequences hold which cells of the KV cache: the engine's own bookkeeping, which it does not tell, done again.
///
/// A sequence is a row of symbols (tokens, or a whole picture as one); each symbol takes cells, mostly one. Sequences
/// that were copied share the symbols they have in common; those are counted once.
struct CellLedger: Sendable {
    /// Cells there are.
    let capacity: Int
    /// Cells that some sequence holds.
    private(set) var usedCount = 0

    /// For each unit (the place of one symbol) how many sequences hold it, and how many cells it takes.
    private var holderCounts: [UInt16] = []
    private var weights: [Int32] = []
    private var freeUnits: [Int32] = []
    private var sequences: [[Int32]]

    init(capacity: Int, sequenceCount: Int) {
        self.capacity = capacity
        sequences = Array(repeating: [], count: sequenceCount)
    }

    /// Cells that nobody holds.
    var freeCount: Int { capacity - usedCount }
    /// How many sequences there can be.
    var sequenceCount: Int { sequences.count }

    /// Symbols of a sequence.
    func symbolCount(of sequence: Int32) -> Int { sequences[Int(sequence)].count }

    /// A sequence goes on with symbols of `weights` cells each.
    mutating func append(weights new: some Sequence<Int32>, to sequence: Int32) {
        for weight in new { append(weight: weight, to: sequence) }
    }

    /// A sequence goes on with `count` tokens.
    mutating func append(_ count: Int, to sequence: Int32) {
        for _ in 0..<count { append(weight: 1, to: sequence) }
    }

    private mutating func append(weight: Int32, to sequence: Int32) {
        usedCount += Int(weight)
        let unit: Int32
        if let free = freeUnits.popLast() {
            unit = free
            holderCounts[Int(unit)] = 1
            weights[Int(unit)] = weight
        } else {
            unit = Int32(holderCounts.count)
            holderCounts.append(1)
            weights.append(weight)
        }
        sequences[Int(sequence)].append(unit)
    }

    /// An empty sequence begins with the first `count` symbols of another, and shares their cells.
    mutating func copy(_ source: Int32, to target: Int32, count: Int) {
        removeAll(of: target)
        let shared = sequences[Int(source)].prefix(count)
        for unit in shared { holderCounts[Int(unit)] += 1 }
        sequences[Int(target)] = Array(shared)
    }

    /// A sequence keeps its first `count` symbols.
    mutating func truncate(_ sequence: Int32, to count: Int) {
        guard count < sequences[Int(sequence)].count else { return }
        remove(count..<sequences[Int(sequence)].count, of: sequence)
    }

    /// A sequence loses the symbols at `range`; later ones move up.
    mutating func remove(_ range: Range<Int>, of sequence: Int32) {
        for unit in sequences[Int(sequence)][range] {
            holderCounts[Int(unit)] -= 1
            if holderCounts[Int(unit)] == 0 {
                usedCount -= Int(weights[Int(unit)])
                freeUnits.append(unit)
            }
        }
        sequences[Int(sequence)].removeSubrange(range)
    }

    /// A sequence loses everything.
    mutating func removeAll(of sequence: Int32) { truncate(sequence, to: 0) }

    /// Everything is free.
    mutating func removeAll() {
        for sequence in sequences.indices { removeAll(of: Int32(sequence)) }
    }

    /// Cells that would be free without this sequence.
    func exclusiveCount(of sequence: Int32) -> Int {
        sequences[Int(sequence)].reduce(0) { holderCounts[Int($1)] == 1 ? $0 + Int(weights[Int($1)]) : $0 }
    }

    /// Cells that a sequence has, its own and shared ones.
    func cellCount(of sequence: Int32) -> Int {
        sequences[Int(sequence)].reduce(0) { $0 + Int(weights[Int($1)]) }
    }

    /// Cells that at least one of these sequences holds.
    func cellCount(heldByAnyOf holders: some Sequence<Int32>) -> Int {
        var isSeen = [Bool](repeating: false, count: holderCounts.count)
        var count = 0
        for sequence in holders {
            for unit in sequences[Int(sequence)] where !isSeen[Int(unit)] {
                isSeen[Int(unit)] = true
                count += Int(weights[Int(unit)])
            }
        }
        return count
    }

    /// Whether another sequence holds any of the symbols at `range` too.
    func isShared(_ range: Range<Int>, of sequence: Int32) -> Bool {
        sequences[Int(sequence)][range].contains { holderCounts[Int($0)] > 1 }
    }
}

/// What is known of computed prefixes: which sequences of the cache hold which symbols, and which states are kept in
/// RAM beside it. Bookkeeping alone, without the engine.
struct PrefixIndex {
    /// Something that begins a prompt.
    enum Entry: Hashable {
        /// A sequence in the KV cache.
        case live(Int32)
        /// A state in RAM, or somewhere else from where it can be read.
        case saved(Int)
    }

    /// A sequence in the KV cache.
    struct Live {
        var namespace: PrefixNamespace
        /// What it holds, or while it runs, what it is going to hold.
        var symbols: [Int32]
        /// A request goes on with it; otherwise it is only kept.
        var isRunning: Bool
        var lastUse: UInt64
    }

    /// A state beside the KV cache.
    struct Saved {
        var namespace: PrefixNamespace
        var symbols: [Int32]
        /// Whether it is a checkpoint: only what a cell for each token does not hold.
        var isPartial: Bool
        var byteCount: Int
        var lastUse: UInt64
        /// `nil` when it has to be read first.
        var bytes: [UInt8]?
        /// Reads it.
        var load: (@Sendable () throws -> [UInt8])?
    }

    /// Bytes that saved states may take.
    let byteLimit: Int64
    private(set) var savedByteCount: Int64 = 0
    private(set) var live: [Int32: Live] = [:]
    private(set) var saved: [Int: Saved] = [:]
    private var trees: [PrefixNamespace: RadixTree<Entry>] = [:]
    /// What an earlier process has left; see ``restore(_:name:)``.
    var restored: Restored?
    private var nextNumber = 0
    private var clock: UInt64 = 0

    init(byteLimit: Int64) { self.byteLimit = byteLimit }

    private mutating func tick() -> UInt64 {
        clock += 1
        return clock
    }

    // MARK: Sequences

    /// A sequence holds, or is going to hold, `symbols`.
    mutating func setLive(_ sequence: Int32, namespace: PrefixNamespace, symbols: [Int32], isRunning: Bool) {
        removeLive(sequence)
        live[sequence] = Live(namespace: namespace, symbols: symbols, isRunning: isRunning, lastUse: tick())
        trees[namespace, default: RadixTree()].insert(.live(sequence), at: symbols)
    }

    mutating func removeLive(_ sequence: Int32) {
        guard let old = live.removeValue(forKey: sequence) else { return }
        removeFromTree(.live(sequence), old.namespace, old.symbols)
    }

    /// Sequences that are only kept, least recently used first.
    var retained: [Int32] {
        live.filter { !$0.value.isRunning }.sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
    }

    // MARK: States

    /// Keeps a state and drops the least recently used ones that have no room beside it; false when it has none itself.
    @discardableResult
    mutating func save(
        _ bytes: [UInt8], namespace: PrefixNamespace, symbols: [Int32], isPartial: Bool
    ) -> Bool {
        guard Int64(bytes.count) <= byteLimit else { return false }
        add(
            Saved(
                namespace: namespace, symbols: symbols, isPartial: isPartial, byteCount: bytes.count, lastUse: tick(),
                bytes: bytes))
        makeRoom()
        return true
    }

    /// Knows of a state that `load` reads when it is first of use.
    mutating func addElsewhere(
        namespace: PrefixNamespace, symbols: [Int32], isPartial: Bool, byteCount: Int,
        load: @escaping @Sendable () throws -> [UInt8]
    ) {
        add(
            Saved(
                namespace: namespace, symbols: symbols, isPartial: isPartial, byteCount: byteCount, lastUse: tick(),
                load: load))
    }

    private mutating func add(_ state: Saved) {
        // One of a kind for the same symbols.
        for (entry, common) in entries(beginning: state.symbols, in: state.namespace)
        where common == state.symbols.count {
            if case .saved(let number) = entry, let other = saved[number], other.isPartial == state.isPartial,
                other.symbols.count == state.symbols.count
            {
                removeSaved(number)
            }
        }
        let number = nextNumber
        nextNumber += 1
        saved[number] = state
        if state.bytes != nil { savedByteCount += Int64(state.byteCount) }
        trees[state.namespace, default: RadixTree()].insert(.saved(number), at: state.symbols)
    }

    private mutating func makeRoom() {
        while savedByteCount > byteLimit,
            let oldest = saved.filter({ $0.value.bytes != nil }).min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            removeSaved(oldest.key)
        }
    }

    mutating func removeSaved(_ number: Int) {
        guard let old = saved.removeValue(forKey: number) else { return }
        if old.bytes != nil { savedByteCount -= Int64(old.byteCount) }
        removeFromTree(.saved(number), old.namespace, old.symbols)
    }

    /// The bytes of a state; one that cannot be read is forgotten.
    mutating func bytes(of number: Int) -> [UInt8]? {
        guard var state = saved[number] else { return nil }
        state.lastUse = tick()
        if state.bytes == nil {
            guard let read = try? state.load?() else {
                removeSaved(number)
                return nil
            }
            state.bytes = read
            state.byteCount = read.count
            savedByteCount += Int64(read.count)
        }
        saved[number] = state
        let bytes = state.bytes
        makeRoom()
        return bytes
    }

    /// Forgets all states that are not of sequences.
    mutating func removeAllSaved() { for number in Array(saved.keys) { removeSaved(number) } }

    // MARK: Looking up

    /// An entry was of use.
    mutating func touch(_ entry: Entry) {
        let now = tick()
        switch entry {
        case .live(let sequence): live[sequence]?.lastUse = now
        case .saved(let number): saved[number]?.lastUse = now
        }
    }

    /// Entries that begin as `symbols` do, with how many symbols they have in common, most first.
    func entries(beginning symbols: [Int32], in namespace: PrefixNamespace) -> [(entry: Entry, common: Int)] {
        var found: [(Entry, Int)] = []
        trees[namespace]?.visit(symbols) { entry, common in
            found.append((entry, common))
            // A bound on the time that a look-up takes.
            return found.count < 512
        }
        return found
    }

    private mutating func removeFromTree(_ entry: Entry, _ namespace: PrefixNamespace, _ symbols: [Int32]) {
        // In place: a copy of the tree would be made otherwise.
        trees[namespace]?.remove(entry, at: symbols)
        if trees[namespace]?.isEmpty == true { trees[namespace] = nil }
    }
}

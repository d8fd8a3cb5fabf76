/// The sequences of the KV cache: who has which, what each holds, and which ended ones are kept for others to begin
/// with. Lives on the engine's thread.
final class SequencePool {
    let context: EngineContext
    var table = SymbolTable()
    var ledger: CellLedger
    var index: PrefixIndex
    /// Bytes of the last checkpoint; 0 when none was taken yet.
    private(set) var checkpointByteCount = 0

    /// Prefixes shorter than this are computed again: batches of the same shape give the same numbers, and a few tokens
    /// are not worth the difference.
    static let leastCount = 16

    init(context: EngineContext, byteLimit: Int64) {
        self.context = context
        ledger = CellLedger(capacity: context.cellCount, sequenceCount: context.shape.sequenceCount)
        index = PrefixIndex(byteLimit: byteLimit)
    }

    var memoryKind: ContextShape.Memory { context.memoryKind }

    /// Everything is forgotten but the states in RAM: after a failure of the engine.
    func removeAll() {
        context.removeAll()
        ledger.removeAll()
        for sequence in Array(index.live.keys) { index.removeLive(sequence) }
    }

    // MARK: A sequence's life

    /// A sequence that is free, if need be one that was kept; `nil` when all run.
    func takeSequence() -> Int32? {
        if let free = (0..<Int32(ledger.sequenceCount)).first(where: { index.live[$0] == nil }) { return free }
        guard let oldest = index.retained.first else { return nil }
        evict(oldest)
        return oldest
    }

    /// `sequence`, of `symbols.count` symbols computed or to come, runs from here on.
    func run(_ sequence: Int32, namespace: PrefixNamespace, symbols: [Int32]) {
        index.setLive(sequence, namespace: namespace, symbols: symbols, isRunning: true)
    }

    /// `sequence` has gone on with `symbols`.
    func append(_ symbols: ArraySlice<Int32>, to sequence: Int32) {
        ledger.append(weights: symbols.lazy.map { self.table.cellCount(of: $0) }, to: sequence)
    }

    /// `sequence` keeps its first `count` symbols, at `position` positions. False when the memory cannot go back.
    func truncate(_ sequence: Int32, to count: Int, position: Int) -> Bool {
        guard ledger.symbolCount(of: sequence) > count else { return true }
        guard context.remove(sequence, from: position) else { return false }
        ledger.truncate(sequence, to: count)
        return true
    }

    /// `sequence` is empty and free.
    func drop(_ sequence: Int32) {
        context.remove(sequence)
        ledger.removeAll(of: sequence)
        index.removeLive(sequence)
    }

    /// `sequence`, which holds `symbols`, has ended: keeps it for others to begin with, when that is of use.
    func retain(_ sequence: Int32, namespace: PrefixNamespace, symbols: [Int32]) {
        guard symbols.count >= Self.leastCount, ledger.symbolCount(of: sequence) == symbols.count else {
            return drop(sequence)
        }
        for (entry, common) in index.entries(beginning: symbols, in: namespace) {
            guard case .live(let other) = entry, other != sequence, let live = index.live[other], !live.isRunning else {
                continue
            }
            let isSame = live.symbols.count == symbols.count && common == symbols.count
            if memoryKind.isPlain, common == symbols.count { return drop(sequence) }
            if isSame || (memoryKind.isPlain && common == live.symbols.count) { drop(other) }
        }
        index.setLive(sequence, namespace: namespace, symbols: symbols, isRunning: false)
    }

    // MARK: Room

    /// Makes `count` cells free, of kept sequences if need be; false when there are not as many.
    func makeRoom(_ count: Int) -> Bool {
        while ledger.freeCount < count {
            guard let oldest = index.retained.first else { return false }
            evict(oldest)
        }
        return true
    }

    /// Frees the sequence that was kept longest without use; false when there is none.
    func evictOldest() -> Bool {
        guard let oldest = index.retained.first else { return false }
        evict(oldest)
        return true
    }

    /// While nothing is to be done: a sequence for the next request, which need not wait then until another's state is
    /// in RAM (14 MB for 2000 tokens of Gemma 3 270M).
    func freeSequence() {
        guard ledger.sequenceCount > 1, index.live.count >= ledger.sequenceCount else { return }
        _ = evictOldest()
    }

    /// Takes a kept sequence out of the cache, into RAM where there is room for it.
    private func evict(_ sequence: Int32) {
        if let live = index.live[sequence], index.byteLimit > 0, live.namespace.privateNumber == 0,
            !isCovered(live, of: sequence),
            Int64(context.stateByteCount(of: sequence, isPartial: false)) <= index.byteLimit,
            let bytes = context.state(of: sequence, isPartial: false)
        {
            index.save(bytes, namespace: live.namespace, symbols: live.symbols, isPartial: false)
        }
        drop(sequence)
    }

    /// Whether what a kept sequence holds is elsewhere too.
    private func isCovered(_ live: PrefixIndex.Live, of sequence: Int32) -> Bool {
        index.entries(beginning: live.symbols, in: live.namespace).contains { entry, common in
            guard common == live.symbols.count else { return false }
            switch entry {
            case .live(let other):
                return memoryKind.isPlain && other != sequence && ledger.symbolCount(of: other) >= common
            case .saved(let number):
                guard let state = index.saved[number], !state.isPartial else { return false }
                return memoryKind.isPlain || state.symbols.count == common
            }
        }
    }

    // MARK: States

    /// Keeps a checkpoint of a sequence that holds `symbols` now.
    func checkpoint(_ sequence: Int32, namespace: PrefixNamespace, symbols: [Int32]) {
        let byteCount = Int64(context.stateByteCount(of: sequence, isPartial: true))
        // One that would push most others out is not worth it.
        guard byteCount > 0, byteCount <= index.byteLimit / 2,
            let bytes = context.state(of: sequence, isPartial: true)
        else { return }
        index.save(bytes, namespace: namespace, symbols: symbols, isPartial: true)
        checkpointByteCount = bytes.count
    }

    /// Gives a sequence cells of its own in layers with a sliding window. Cells that sequences share stay there even
    /// when all have gone on, and can fill such a layer: the engine takes back only cells that one sequence alone has.
    func renewWindow(of sequence: Int32) -> Bool {
        guard memoryKind.windowLength > 0, !memoryKind.isRecurrent,
            let bytes = context.state(of: sequence, isPartial: true)
        else { return false }
        return context.setState(bytes, of: sequence, isPartial: true)
    }

    /// Makes all cells of a sequence its own; false when there is no room, and then it is empty.
    func unshare(_ sequence: Int32) -> Bool {
        let weights = (ledger.symbolCount(of: sequence), ledger.cellCount(of: sequence))
        guard weights.0 == weights.1, let bytes = context.state(of: sequence, isPartial: false) else { return false }
        context.remove(sequence)
        ledger.removeAll(of: sequence)
        guard makeRoom(weights.1), context.setState(bytes, of: sequence, isPartial: false) else {
            context.remove(sequence)
            return false
        }
        ledger.append(weights.0, to: sequence)
        return true
    }

    /// Takes `range` out of a sequence of tokens and moves the rest up.
    func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool {
        let count = ledger.symbolCount(of: sequence)
        if ledger.isShared(range.upperBound..<count, of: sequence), !unshare(sequence) { return false }
        context.remove(sequence, from: range.lowerBound, to: range.upperBound)
        context.move(sequence, from: range.upperBound, by: -range.count)
        ledger.remove(range, of: sequence)
        return true
    }

    /// A sequence begins with the first `count` symbols of another, at `position` positions.
    func copy(_ source: Int32, to target: Int32, count: Int, position: Int) {
        context.remove(target)
        context.copy(source, to: target, count: position)
        ledger.copy(source, to: target, count: count)
    }

    /// The bookkeeping of a sequence that was given a state of `symbols`.
    func setHeld(_ symbols: ArraySlice<Int32>, of sequence: Int32) {
        ledger.removeAll(of: sequence)
        append(symbols, to: sequence)
    }
}

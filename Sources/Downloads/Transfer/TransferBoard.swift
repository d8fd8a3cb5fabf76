import Synchronization

/// The state that the connections, the hashing and the journal of one download share: what has landed, who fetches
/// what, how many may.
final class TransferBoard: Sendable {
    private struct State {
        var map: BlockMap
        var schedule: RunSchedule
        var governor: ConnectionGovernor
        /// The beginnings of blocks that broken connections left behind.
        var carries: [Int: [UInt8]] = [:]
        /// Bytes of unfinished blocks, by worker.
        var pending: [Int: Int] = [:]
        var receivedByteCount: Int64 = 0
        var verifiedByteCount: Int64 = 0
        /// Bytes that have landed in this run, the same byte again when it landed twice.
        var landedInRun: Int64 = 0
        /// Of these, the ones that the journal being written knows, and those that a finished journal does.
        var inJournal: Int64 = 0
        var durable: Int64 = 0
        var sendsWholeFiles = false
        /// Connections that wait for the hashing.
        var hashWaiterCount = 0

        /// Bytes without a gap from the beginning that are not hashed yet.
        var unhashedByteCount: Int64 {
            min(map.byteCount, Int64(map.frontier) * Int64(map.blockByteCount)) - verifiedByteCount
        }
    }

    struct Assignment: Sendable {
        var blocks: Range<Int>
        /// All that is missing, in one run of the only connection.
        var isWholeFile: Bool
    }

    struct Snapshot: Sendable {
        var landedByteCount: Int64
        var arrivedByteCount: Int64
        var receivedByteCount: Int64
        var verifiedByteCount: Int64
        var connectionCount: Int
        var isComplete: Bool
    }

    /// Something has changed: a block landed or was lost, a run was given back, time has passed.
    let signal = ChangeSignal()
    /// There may be work for a connection that has none: all of these but a block that landed.
    private let work = ChangeSignal()
    let byteCount: Int64
    let blockCount: Int
    /// What an earlier run left without a gap: it must be hashed again, and nobody waits for that.
    private let inheritedByteCount: Int64
    private let state: Mutex<State>

    init(map: BlockMap, schedule: RunSchedule, governor: ConnectionGovernor) {
        byteCount = map.byteCount
        blockCount = map.blockCount
        inheritedByteCount = Int64(map.frontier) * Int64(map.blockByteCount)
        state = Mutex(State(map: map, schedule: schedule, governor: governor))
    }

    // MARK: Connections

    /// The next blocks for a worker, when there are some and it may be busy.
    func nextRun(for worker: Int, time: any DownloadTime) async throws -> Assignment {
        while true {
            let version = work.version
            let now = time.now()
            let run = state.withLock { state -> Assignment? in
                if state.sendsWholeFiles {
                    return state.schedule.assignAll(to: worker, map: state.map, now: now)
                        .map { Assignment(blocks: $0, isWholeFile: true) }
                }
                guard worker < state.governor.target else { return nil }
                return state.schedule.assign(
                    to: worker, map: state.map, workerCount: state.governor.target, now: now
                ).map { Assignment(blocks: $0, isWholeFile: false) }
            }
            if let run { return run }
            try await work.changed(since: version)
        }
    }

    /// The bytes of some blocks, as offsets in the file.
    func range(of blocks: Range<Int>) -> Range<Int64> { state.withLock { $0.map.range(of: blocks) } }

    /// The block that an offset is in, and the block's bytes.
    func block(at offset: Int64) -> (number: Int, bytes: Range<Int64>) {
        state.withLock { state in
            let number = Int(offset / Int64(state.map.blockByteCount))
            return (number, state.map.range(of: number))
        }
    }

    /// Takes what an earlier connection has fetched of a block.
    func takeCarry(of block: Int) -> [UInt8] { state.withLock { $0.carries.removeValue(forKey: block) ?? [] } }

    /// Keeps the beginning of a block for the next connection.
    func keep(_ bytes: [UInt8], of block: Int) {
        guard !bytes.isEmpty else { return }
        state.withLock { state in
            guard !state.map.hasLanded(block), state.carries[block].map({ $0.count < bytes.count }) ?? true else {
                return
            }
            state.carries[block] = bytes
        }
    }

    /// Counts bytes from the network, of which `pending` belong to a block that is not complete.
    func receive(_ count: Int, pending: Int, worker: Int) {
        state.withLock { state in
            state.receivedByteCount += Int64(count)
            state.pending[worker] = pending
        }
    }

    /// Notes a block that was written. `false` when the worker has no more to fetch in its run.
    func land(_ block: Int, checksum: UInt64, worker: Int, now: Duration) -> Bool {
        let goesOn = state.withLock { state in
            if !state.map.hasLanded(block) {
                state.map.land(block, checksum: checksum)
                state.landedInRun += Int64(state.map.range(of: block).count)
            }
            state.carries[block] = nil
            state.pending[worker] = 0
            return state.schedule.advance(worker, past: block, now: now)
        }
        signal.notify()
        return goesOn
    }

    /// Notes that a worker of a whole file passed a block that was there already.
    func pass(_ block: Int, worker: Int, now: Duration) -> Bool {
        state.withLock { $0.schedule.advance(worker, past: block, now: now) }
    }

    /// Gives back what is left of a worker's run.
    func release(_ worker: Int) {
        state.withLock { state in
            state.schedule.release(worker)
            state.pending[worker] = nil
        }
        work.notify()
        signal.notify()
    }

    /// Whether other workers are fetching.
    func othersAreBusy(than worker: Int) -> Bool {
        state.withLock { $0.schedule.runs.keys.contains { $0 != worker } }
    }

    /// Fewer connections: a server asked for it.
    func askedForLess(now: Duration) { state.withLock { $0.governor.askedForLess(now: now) } }

    /// From now on one connection fetches the whole file from its start.
    func sendWholeFiles() {
        state.withLock { state in
            state.sendsWholeFiles = true
            state.carries = [:]
        }
        work.notify()
        signal.notify()
    }

    // MARK: Hashing

    func hasLanded(_ block: Int) -> Bool { state.withLock { $0.map.hasLanded(block) } }

    /// The bytes and the checksum of a block; `nil` until it has landed.
    func landed(_ block: Int) -> (bytes: Range<Int64>, checksum: UInt64)? {
        state.withLock { state in state.map.checksums[block].map { (state.map.range(of: block), $0) } }
    }

    func verify(upTo offset: Int64) {
        let isAwaited = state.withLock { state in
            state.verifiedByteCount = offset
            return state.hashWaiterCount > 0
        }
        if isAwaited { signal.notify() }
    }

    /// A block must be fetched again.
    func lose(_ block: Int) {
        state.withLock { state in
            state.map.lose(block)
            state.carries[block] = nil
        }
        work.notify()
        signal.notify()
    }

    /// Everything must be fetched again.
    func loseAll() {
        state.withLock { state in
            state.map.loseAll()
            state.carries = [:]
            state.verifiedByteCount = 0
        }
        work.notify()
        signal.notify()
    }

    // MARK: Journal and progress

    /// What has landed, and whether enough has since the last journal; taking it starts the next count.
    func journalMap(ifMoreThan byteCount: Int64) -> BlockMap? {
        state.withLock { state in
            guard state.landedInRun - state.inJournal > byteCount else { return nil }
            state.inJournal = state.landedInRun
            return state.map
        }
    }

    /// The journal that was taken last is on the disk.
    func noteJournal() {
        state.withLock { $0.durable = $0.inJournal }
        signal.notify()
    }

    /// Returns when a crash would cost no more than so many bytes.
    func waitForJournal(limit: Int64) async throws {
        while true {
            let version = signal.version
            if state.withLock({ $0.landedInRun - $0.durable <= limit }) { return }
            try await signal.changed(since: version)
        }
    }

    /// Returns when no more than so many bytes that could be hashed are not: on a busy machine the processor goes to
    /// the hashing in time, and little of it is left after the last byte. A gap in front holds nobody up.
    func waitForHashing(limit: Int64) async throws {
        guard mustWaitForHashing(limit) else { return }
        state.withLock { $0.hashWaiterCount += 1 }
        defer { state.withLock { $0.hashWaiterCount -= 1 } }
        while true {
            let version = signal.version
            guard mustWaitForHashing(limit) else { return }
            try await signal.changed(since: version)
        }
    }

    private func mustWaitForHashing(_ limit: Int64) -> Bool {
        state.withLock { $0.verifiedByteCount >= inheritedByteCount && $0.unhashedByteCount > limit }
    }

    var map: BlockMap { state.withLock { $0.map } }

    /// One beat of the clock: the governor sees the rate, sleepers look again.
    /// - Returns: Whether the next beat should come soon.
    func beat(bytesPerSecond: Double) -> Bool {
        let isGrowing = state.withLock { state in
            state.governor.observe(bytesPerSecond, activeCount: state.pending.count)
            return state.governor.isGrowing
        }
        work.notify()
        signal.notify()
        return isGrowing
    }

    var snapshot: Snapshot {
        state.withLock { state in
            let pending = state.pending.values.reduce(0, +) + state.carries.values.reduce(0) { $0 + $1.count }
            return Snapshot(
                landedByteCount: state.map.landedByteCount,
                arrivedByteCount: min(state.map.byteCount, state.map.landedByteCount + Int64(pending)),
                receivedByteCount: state.receivedByteCount, verifiedByteCount: state.verifiedByteCount,
                connectionCount: state.schedule.runs.count, isComplete: state.map.isComplete)
        }
    }
}

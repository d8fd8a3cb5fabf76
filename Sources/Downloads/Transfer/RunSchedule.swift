/// Who fetches which blocks: contiguous runs near the frontier, so that hashing keeps up; a connection without work
/// takes half of the largest rest of another, and at the very end repeats a block that crawls. A value.
struct RunSchedule: Sendable {
    struct Run: Sendable, Equatable {
        /// The block that is being fetched.
        var next: Int
        /// The first block that is no longer this run's.
        var end: Int
        /// When the block in work began.
        var since: Duration
        /// Repeats a block of another run.
        var isRepetition = false
    }

    let blocksPerPiece: Int
    /// The longest run, in pieces.
    let maximumPieceCount: Int
    /// A block in work for longer than this may be taken over.
    let patience: Duration
    private(set) var runs: [Int: Run] = [:]
    /// Pieces that may have landed beyond the frontier before others help it on.
    private static let frontierLag = 8

    init(blocksPerPiece: Int, maximumPieceCount: Int, patience: Duration = .seconds(2)) {
        self.blocksPerPiece = max(1, blocksPerPiece)
        self.maximumPieceCount = max(1, maximumPieceCount)
        self.patience = patience
    }

    /// The next run for a worker that has none; `nil` when there is nothing for it to do now.
    mutating func assign(to worker: Int, map: BlockMap, workerCount: Int, now: Duration) -> Range<Int>? {
        guard runs[worker] == nil, !map.isComplete else { return nil }
        if let run = atFrontier(map, now: now) {
            runs[worker] = run
            return run.next..<run.end
        }
        if let blocks = unclaimed(map, workerCount: workerCount) {
            runs[worker] = Run(next: blocks.lowerBound, end: blocks.upperBound, since: now)
            return blocks
        }
        if let blocks = steal(now: now) {
            runs[worker] = Run(next: blocks.lowerBound, end: blocks.upperBound, since: now)
            return blocks
        }
        if let block = crawling(map, now: now) {
            runs[worker] = Run(next: block, end: block + 1, since: now, isRepetition: true)
            return block..<(block + 1)
        }
        return nil
    }

    /// Everything that is missing as one run, for a source that sends only whole files; not while another run is open.
    mutating func assignAll(to worker: Int, map: BlockMap, now: Duration) -> Range<Int>? {
        guard runs.isEmpty, let last = map.checksums.lastIndex(of: nil) else { return nil }
        runs[worker] = Run(next: map.frontier, end: last + 1, since: now)
        return map.frontier..<(last + 1)
    }

    /// Notes that a worker is past a block. `false` when its run ends there.
    mutating func advance(_ worker: Int, past block: Int, now: Duration) -> Bool {
        guard var run = runs[worker] else { return false }
        run.next = block + 1
        run.since = now
        runs[worker] = run.next < run.end ? run : nil
        return run.next < run.end
    }

    /// Gives back what is left of a worker's run.
    mutating func release(_ worker: Int) { runs[worker] = nil }

    /// When much has landed beyond the frontier, half of the run that holds it up: hashing stands still until it is
    /// there. At its last block, that block once more, if it crawls.
    private mutating func atFrontier(_ map: BlockMap, now: Duration) -> Run? {
        let beyond = map.landedByteCount / Int64(map.blockByteCount) - Int64(map.frontier)
        guard beyond > Int64(Self.frontierLag * blocksPerPiece) else { return nil }
        let owner = runs.first { !$0.value.isRepetition && ($0.value.next..<$0.value.end).contains(map.frontier) }
        guard let (owner, run) = owner else { return nil }
        let rest = run.end - run.next - 1
        if rest >= 1 {
            let middle = run.next + 1 + rest / 2
            runs[owner]?.end = middle
            return Run(next: middle, end: run.end, since: now)
        }
        let isRepeated = runs.values.contains { $0.isRepetition && $0.next == map.frontier }
        guard now - run.since > patience, !isRepeated else { return nil }
        return Run(next: map.frontier, end: map.frontier + 1, since: now, isRepetition: true)
    }

    private func unclaimed(_ map: BlockMap, workerCount: Int) -> Range<Int>? {
        let claims = runs.values.filter { !$0.isRepetition }.map { $0.next..<$0.end }
        var start = map.frontier
        while start < map.blockCount {
            if map.hasLanded(start) {
                start += 1
            } else if let claim = claims.first(where: { $0.contains(start) }) {
                start = claim.upperBound
            } else {
                break
            }
        }
        guard start < map.blockCount else { return nil }
        let missing = Int((map.byteCount - map.landedByteCount) / Int64(map.blockByteCount)) + 1
        let pieces = min(maximumPieceCount, max(1, missing / (2 * max(1, workerCount) * blocksPerPiece)))
        let limit = min(map.blockCount, (start / blocksPerPiece + pieces) * blocksPerPiece)
        let nextClaim = claims.map(\.lowerBound).filter { $0 > start }.min() ?? map.blockCount
        var end = start + 1
        while end < min(limit, nextClaim), !map.hasLanded(end) { end += 1 }
        return start..<end
    }

    private mutating func steal(now: Duration) -> Range<Int>? {
        let victim = runs.filter { !$0.value.isRepetition }.max {
            // Of equal ones the first, which hashing needs sooner.
            ($0.value.end - $0.value.next, $1.key) < ($1.value.end - $1.value.next, $0.key)
        }
        guard let (worker, run) = victim else { return nil }
        let rest = run.end - run.next - 1
        // One block is not worth a new connection unless its owner crawls.
        guard rest >= 2 || (rest == 1 && now - run.since > patience) else { return nil }
        let middle = run.next + 1 + rest / 2
        runs[worker]?.end = middle
        return middle..<run.end
    }

    private func crawling(_ map: BlockMap, now: Duration) -> Int? {
        let repeated = Set(runs.values.filter(\.isRepetition).map(\.next))
        return runs.values
            .filter { !$0.isRepetition && now - $0.since > patience && !repeated.contains($0.next) }
            .filter { !map.hasLanded($0.next) }
            .min { $0.since < $1.since }?.next
    }
}

extension Scheduler {
    /// Cells that each running answer is expected to take before long; what is not there for them is not given away.
    private static let headroom = 64
    /// What an answer without a limit is charged for in advance.
    private static let expectedCount = 256
    /// Fewer tokens are rather computed than waited for.
    private static let leastShared = 32

    /// Takes requests from the queue while there are places and room.
    func admit() {
        while running.count < context.shape.parallelCount, let next = queue.first(), fits(next) {
            guard let run = queue.take(charge: charge) else { return }
            queueHasChanged = true
            start(run)
        }
    }

    /// What a request is charged for when it is taken.
    func charge(_ run: SequenceRun) -> Int {
        run.content.count + min(run.leftCount, Self.expectedCount)
    }

    private func start(_ run: SequenceRun) {
        if run.order == .max { run.order = takeOrder() }
        run.started = run.started ?? .now
        run.chargedCount = charge(run)
        run.servedCount = 0
        run.needsBeginning = true
        let index = running.firstIndex { $0.order > run.order } ?? running.count
        running.insert(run, at: index)
        findBeginning(of: run)
    }

    /// Whether its prompt and some of its answer have room beside what is promised to those who run.
    private func fits(_ run: SequenceRun) -> Bool {
        if running.isEmpty || context.memoryKind.isPurelyRecurrent { return true }
        let match = pool.match(run.content, in: run.namespace)
        var holders = running.compactMap(\.sequence)
        var shared = 0
        switch match?.source {
        case .live(let source), .checkpoint(_, base: .live(let source)):
            // Kept cells that it takes over are not there for others any more.
            holders.append(source)
            shared = match?.count ?? 0
        default: break
        }
        if let leader = leader(for: run) { shared = max(shared, leader.count) }
        let needed =
            pool.table.cellCount(of: run.content[min(shared, run.content.count)...]) + min(run.leftCount, Self.headroom)
        let promised = running.reduce(0) {
            $0 + max(0, $1.remainingCount - $1.sharedCount) + min($1.leftCount, Self.headroom)
        }
        return pool.ledger.capacity - pool.ledger.cellCount(heldByAnyOf: holders) - promised >= needed
    }

    // MARK: Beginnings

    /// Gives `run` a sequence, with what the cache has of its prompt; or lets it wait for one that computes just that.
    func findBeginning(of run: SequenceRun) {
        if run.sequence == nil {
            guard let (sequence, count) = pool.begin(run.content, in: run.namespace) else { return }
            run.sequence = sequence
            setComputed(run, count)
        } else if let sequence = run.sequence, run.computedCount == 0, pool.ledger.symbolCount(of: sequence) == 0 {
            // The one it waited for has gone: what that one had computed is kept, perhaps.
            pool.drop(sequence)
            run.sequence = nil
            return findBeginning(of: run)
        }
        run.needsBeginning = false
        if run.cachedCount == nil {
            run.cachedCount = run.computedCount
            counts.cachedPrompt += Int64(run.computedCount)
        }
        if let leader = leader(for: run), leader.count >= run.computedCount + Self.leastShared {
            follow(leader.run, run, count: leader.count)
        }
        planCheckpoints(of: run)
    }

    /// The one that computes most of what `run` needs, and is not yet past it.
    private func leader(for run: SequenceRun) -> (run: SequenceRun, count: Int)? {
        var best: (run: SequenceRun, count: Int)?
        for other in running where other !== run && other.namespace == run.namespace {
            guard other.isPrefilling, other.sequence != nil else { continue }
            var common = zip(other.content, run.content).prefix { $0 == $1 }.count
            // All of it only when the other one stops there anyway; otherwise the last one's logits are needed.
            if common == run.content.count, other.content.count != common { common -= 1 }
            guard common > other.computedCount, common > best?.count ?? 0 else { continue }
            best = (other, common)
        }
        return best
    }

    private func follow(_ leader: SequenceRun, _ run: SequenceRun, count: Int) {
        run.leader = leader
        run.sharedCount = count
        if !context.memoryKind.isPlain { leader.stops.insert(count) }
        // What it had is replaced by what the leader has.
        if let sequence = run.sequence {
            context.remove(sequence)
            pool.setHeld([], of: sequence)
            setComputed(run, 0)
        }
    }

    /// Those who waited for `leader` go on with what it has now. Returns those that have their whole prompt by that.
    func attachFollowers(of leader: SequenceRun) -> [SequenceRun] {
        var complete: [SequenceRun] = []
        for run in running where run.leader === leader && run.sharedCount <= leader.computedCount {
            guard let source = leader.sequence, let target = run.sequence else { continue }
            pool.copy(
                source, to: target, count: run.sharedCount,
                position: pool.table.positionCount(of: run.content[..<run.sharedCount]))
            setComputed(run, run.sharedCount)
            run.leader = nil
            run.sharedCount = 0
            planCheckpoints(of: run)
            if run.remainingCount == 0 { complete.append(run) }
        }
        return complete
    }

    /// Those who waited for `leader`, which has gone, look for another beginning.
    func abandonFollowers(of leader: SequenceRun) {
        for run in running where run.leader === leader {
            run.leader = nil
            run.sharedCount = 0
            run.needsBeginning = true
        }
    }

    private func setComputed(_ run: SequenceRun, _ count: Int) {
        run.computedCount = count
        run.position = pool.table.positionCount(of: run.content[..<count])
    }

    private func planCheckpoints(of run: SequenceRun) {
        run.checkpoints = []
        guard !context.memoryKind.isPlain, pool.index.byteLimit > 0 else { return }
        var positions: [Int] = []
        if run.namespace.privateNumber == 0 {
            let interval = CheckpointPolicy.interval(
                stateByteCount: pool.checkpointByteCount, byteLimit: pool.index.byteLimit)
            positions = CheckpointPolicy.positions(
                from: run.computedCount, to: run.promptCount, boundaries: run.boundaries, interval: interval)
        }
        // Choices that find no place yet begin before the last token, whose logits they need.
        if run.task.request.choiceCount > 1, run.computedCount < run.promptCount - 1 {
            positions.append(run.promptCount - 1)
        }
        run.checkpoints = Set(positions)
        run.stops.formUnion(positions)
    }

    // MARK: Places

    /// Tells those who wait where they stand: when that is first known, and when it has changed noticeably.
    func tellPlaces() {
        guard queueHasChanged else { return }
        queueHasChanged = false
        guard !queue.isEmpty else { return }
        for (index, run) in queue.order(charge: charge).enumerated() where run.choice == 0 && run.order == .max {
            let place = index + 1
            if let told = run.toldPlace, place == told || (place > 10 && abs(told - place) * 5 < told) { continue }
            run.toldPlace = place
            run.task.emit(.queued(place: place))
        }
    }
}

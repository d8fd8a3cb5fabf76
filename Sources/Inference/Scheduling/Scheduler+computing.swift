extension Scheduler {
    /// A sequence's part of a batch.
    struct Part {
        let run: SequenceRun
        /// The batch's token whose logits are looked at first.
        let row: Int32
        /// Tokens in the batch, proposed ones included.
        var count = 0
        /// What was proposed behind the last known token.
        var drafts: [Int32] = []
        /// Whether its logits are looked at.
        var hasOutput = true

        /// The token whose logits come last.
        var lastIndex: Int32 { row + Int32(drafts.count) }
    }

    /// One batch, and pictures that come next.
    func compute() throws {
        for run in running where run.needsBeginning { findBeginning(of: run) }
        guard let scales = nextScales() else { return }
        if lastScales != .some(scales) {
            try applyAdapters?(scales)
            lastScales = .some(scales)
        }
        while true {
            let parts = fillBatch(scales)
            guard !parts.isEmpty else { break }
            let started = ContinuousClock.now
            let runs = parts.map(\.run)
            switch try context.decode(batch, isOver: { runs.allSatisfy(\.task.isOver) }) {
            case .done:
                renewedWindows = false
                try finishBatch(parts, started: started)
            case .aborted:
                // Everyone in it is over; what their sequences hold is not known.
                let now = ContinuousClock.now
                for run in runs {
                    // Tells those whose time is over.
                    _ = isOver(run, now)
                    release(run)
                }
            case .noRoom:
                guard findRoom() else {
                    throw InferenceError.decodeFailed(code: 1, reason: "the KV cache has no room for a single token")
                }
                continue
            }
            break
        }
        try computeMedia(scales)
    }

    /// The adapters' scales of this turn: one batch has one set, they take turns.
    private func nextScales() -> [String: Float]?? {
        let sets = running.filter { $0.leader == nil && !$0.needsBeginning }.map(\.task.request.adapterScales)
        guard let first = sets.first else { return nil }
        guard let lastScales, let last = sets.lastIndex(of: lastScales), Set(sets).count > 1 else {
            return .some(first)
        }
        var distinct: [[String: Float]?] = []
        for set in sets where !distinct.contains(set) { distinct.append(set) }
        let index = distinct.firstIndex(of: sets[last]) ?? 0
        return .some(distinct[(index + 1) % distinct.count])
    }

    // MARK: Filling

    private func fillBatch(_ scales: [String: Float]?) -> [Part] {
        batch.removeAll()
        var turn = Turn()
        var parts: [Part] = []
        let ready = { () -> [SequenceRun] in
            self.running.filter { $0.task.request.adapterScales == scales && $0.sequence != nil }
        }
        // Answers first. Who has none of the cells left gives way.
        while true {
            let decoding = ready().filter(\.isDecoding)
            if pool.makeRoom(decoding.count) { break }
            guard giveWay() else { break }
        }
        let decoding = ready().filter(\.isDecoding)
        let hasPrompts = ready().contains { $0.isPrefilling }
        var draftRoom = draftRoom(decodingCount: decoding.count)
        for run in decoding {
            guard let sequence = run.sequence else { continue }
            let drafts =
                draftRoom > 0 ? propose(run, room: draftRoom, others: decoding.count + turn.draftCount - 1) : []
            draftRoom -= drafts.count
            let tokens = run.content[run.computedCount...] + drafts
            let index = batch.add(
                tokens[...], position: run.position, sequence: sequence, outputCount: tokens.count)
            guard index >= 0 else { break }
            parts.append(Part(run: run, row: index, count: tokens.count, drafts: drafts))
            turn.draftCount += drafts.count
        }
        turn.decodingCount = decoding.count
        if hasPrompts {
            repeat {
                addPrompts(ready().filter(\.isPrefilling), to: &parts, &turn)
                // Nobody answers, and there is no cell for any prompt: the youngest gives way.
            } while parts.isEmpty && ready().contains { $0.isPrefilling && $0.nextMedia == nil } && giveWay()
        }
        setLastTurn(turn)
        return parts
    }

    private func addPrompts(_ prefilling: [SequenceRun], to parts: inout [Part], _ turn: inout Turn) {
        var budget = policy.promptTokenCount(decodingCount: turn.decodingCount + turn.draftCount)
        budget = min(budget, batch.capacity - batch.count)
        if turn.draftCount > 0, context.memoryKind.windowLength > 0 {
            // What is rolled back must not have cost another its window: all in one computation.
            budget = min(budget, context.microBatchSize - batch.count)
        }
        let shares = ChunkPolicy.shares(of: max(0, budget), remaining: prefilling.map(\.remainingCount))
        for (run, share) in zip(prefilling, shares) where share > 0 {
            guard let sequence = run.sequence else { continue }
            // The batch's own cells are not taken yet.
            _ = pool.makeRoom(batch.count + run.chunk(limit: share))
            let count = run.chunk(limit: min(share, pool.ledger.freeCount - batch.count))
            guard count > 0 else { continue }
            let isWhole = run.computedCount + count == run.content.count
            let index = batch.add(
                run.content[run.computedCount..<run.computedCount + count], position: run.position,
                sequence: sequence, outputCount: isWhole ? 1 : 0)
            guard index >= 0 else { break }
            parts.append(Part(run: run, row: index + Int32(count) - 1, count: count, hasOutput: isWhole))
            turn.promptCount += count
            turn.prefillingCount += 1
        }
    }

    private func draftRoom(decodingCount: Int) -> Int {
        guard speculation != nil, decodingCount > 0 else { return 0 }
        return min(
            context.shape.draftCount, context.shape.outputCount - decodingCount, context.microBatchSize - decodingCount,
            pool.ledger.freeCount - decodingCount)
    }

    private func propose(_ run: SequenceRun, room: Int, others: Int) -> [Int32] {
        guard run.options.allowsSpeculation, let speculation else { return [] }
        if !run.hasSpeculator {
            run.hasSpeculator = true
            run.speculator = speculation.makeSpeculator(for: run.task.request)
            run.speculator?.begin(run.content)
        }
        guard let speculator = run.speculator else { return [] }
        // The last one that it may choose is not computed, and neither is what does not fit in its context.
        let left = min(run.leftCount - 1, context.contextLength - run.position - 1)
        guard left > 0 else { return [] }
        let proposal = speculator.propose(room: min(room, left), others: others).prefix(min(room, left))
        return Array(proposal.prefix { $0 >= 0 && Int($0) < model.vocabularyCount })
    }

    // MARK: Room

    /// The youngest gives its cells back and waits; false when there is only one.
    func giveWay() -> Bool {
        guard running.count > 1, let run = running.last else { return false }
        preempt(run)
        return true
    }

    private func preempt(_ run: SequenceRun) {
        running.removeAll { $0 === run }
        abandonFollowers(of: run)
        if let sequence = run.sequence {
            pool.retain(sequence, namespace: run.namespace, symbols: Array(run.content[..<run.computedCount]))
        }
        run.reset()
        settle(run)
        enqueue(run, atFront: true)
    }

    /// The engine has no cell where the bookkeeping sees some: layers with a sliding window are full of cells that
    /// sequences share. False when nothing helps.
    private func findRoom() -> Bool {
        if pool.evictOldest() { return true }
        if context.memoryKind.windowLength > 0, !context.memoryKind.isRecurrent, !renewedWindows {
            renewedWindows = true
            for run in running {
                guard let sequence = run.sequence, run.computedCount > 0 else { continue }
                if !pool.renewWindow(of: sequence) { resetSequence(run) }
            }
            return true
        }
        return giveWay()
    }

    /// A sequence that was lost is computed again.
    private func resetSequence(_ run: SequenceRun) {
        if let sequence = run.sequence { pool.drop(sequence) }
        abandonFollowers(of: run)
        run.reset()
        findBeginning(of: run)
    }

    // MARK: Pictures

    private func computeMedia(_ scales: [String: Float]?) throws {
        guard
            let run = running.first(where: { $0.task.request.adapterScales == scales && $0.nextMedia != nil }),
            let media = run.nextMedia, let sequence = run.sequence
        else { return }
        while !pool.makeRoom(media.cellCount) {
            guard running.last !== run, giveWay() else { break }
        }
        guard pool.ledger.freeCount >= media.cellCount else {
            // Older ones need the cells; it waits for them.
            if running.count > 1 { preempt(run) }
            return
        }
        try media.decode(
            into: context.pointer, sequence: sequence, position: Int32(clamping: run.position),
            batchSize: Int32(clamping: context.batchSize))
        advance(run, by: 1)
        _ = attachFollowers(of: run)
    }

    /// `run` has computed its next `count` symbols.
    func advance(_ run: SequenceRun, by count: Int) {
        guard let sequence = run.sequence else { return }
        let symbols = run.content[run.computedCount..<run.computedCount + count]
        pool.append(symbols, to: sequence)
        run.computedCount += count
        run.position += pool.table.positionCount(of: symbols)
        charge(run, count)
    }

    private func charge(_ run: SequenceRun, _ count: Int) {
        run.servedCount += count
        guard run.servedCount > run.chargedCount else { return }
        queue.correct(tenant: run.task.request.tenant, by: run.servedCount - run.chargedCount)
        run.chargedCount = run.servedCount
    }

    /// Its place is free again: what it was charged too much for is given back.
    func settle(_ run: SequenceRun) {
        queue.correct(tenant: run.task.request.tenant, by: run.servedCount - run.chargedCount)
        run.chargedCount = run.servedCount
        queue.end(tenant: run.task.request.tenant)
    }
}

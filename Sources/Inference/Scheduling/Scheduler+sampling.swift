extension Scheduler {
    /// The batch was computed: notes what the sequences hold, and chooses tokens.
    func finishBatch(_ parts: [Part], started: ContinuousClock.Instant) throws {
        // First what everyone holds: those that wait for others go on with exactly that.
        var outputs: [(part: Part, others: [SequenceRun])] = []
        for part in parts {
            advanceAfterBatch(part)
            keepCheckpoint(of: part.run)
            let others = attachFollowers(of: part.run)
            if part.hasOutput { outputs.append((part, others)) }
        }
        for (part, others) in outputs {
            for other in others { sample(other, Part(run: other, row: part.lastIndex), preserves: true) }
            sample(part.run, part, preserves: false)
        }
        let duration = ContinuousClock.now - started
        record(parts, duration)
    }

    private func advanceAfterBatch(_ part: Part) {
        let run = part.run
        guard let sequence = run.sequence else { return }
        if run.promptEnded == nil { counts.prompt += Int64(part.count - part.drafts.count) }
        advance(run, by: part.count - part.drafts.count)
        if !part.drafts.isEmpty {
            // What was proposed is in the cache, until it is found wrong.
            pool.append(part.drafts[...], to: sequence)
        }
        guard !part.hasOutput || run.promptEnded == nil, run.choice == 0 else { return }
        let processed = min(run.computedCount, run.promptCount)
        // Progress is worth waking a reader for when there is more than one step of it.
        if run.promptEnded == nil, run.promptCount - (run.cachedCount ?? 0) > part.count {
            run.task.emit(
                .promptProgress(processed: processed, total: run.promptCount, cached: run.cachedCount ?? 0))
        }
    }

    private func keepCheckpoint(of run: SequenceRun) {
        guard let sequence = run.sequence, run.checkpoints.remove(run.computedCount) != nil else { return }
        pool.checkpoint(sequence, namespace: run.namespace, symbols: Array(run.content[..<run.computedCount]))
    }

    private func record(_ parts: [Part], _ duration: Duration) {
        let turn = lastTurn
        let seconds = duration / .seconds(1)
        if turn.promptCount > 0 {
            policy.record(decodingCount: turn.decodingCount, promptCount: turn.promptCount, seconds: seconds)
        } else {
            if turn.draftCount == 0 {
                policy.record(decodingCount: turn.decodingCount, promptCount: 0, seconds: seconds)
            }
            speculation?.record(tokenCount: turn.decodingCount + turn.draftCount, duration: duration)
        }
        let others = turn.decodingCount + turn.draftCount - 1
        for part in parts where part.run.speculator != nil && part.hasOutput {
            part.run.speculator?.record(acceptedCount: part.run.lastAcceptedCount, others: others - part.drafts.count)
        }
    }

    // MARK: Choosing

    /// Chooses the tokens that follow, as many as the proposals agree with.
    private func sample(_ run: SequenceRun, _ part: Part, preserves: Bool) {
        run.lastAcceptedCount = 0
        guard run.sequence != nil else { return }
        do {
            let now = ContinuousClock.now
            if run.promptEnded == nil {
                run.promptEnded = now
                if run.leftCount == 0 { return try finish(run, .length) }
            }
            run.draftedCount += part.drafts.count
            var chosen: [Int32] = []
            defer { run.speculator?.accept(chosen) }
            var index = part.row
            for step in 0...part.drafts.count {
                let (token, probability) = try choose(run, index: index, preserves: preserves)
                chosen.append(token)
                let isEnd = try run.answer.append(
                    token, probability: probability, model: model, now: step == 0 ? now : .now)
                counts.generated += 1
                if isEnd { return try finish(run, .stop) }
                run.content.append(token)
                let isRight = step < part.drafts.count && part.drafts[step] == token
                if isRight {
                    run.acceptedCount += 1
                    run.lastAcceptedCount += 1
                    run.computedCount += 1
                    run.position += 1
                }
                if run.leftCount == 0 { return try finish(run, .length) }
                guard isRight else { break }
                index += 1
            }
            emit(run)
            try rollBack(run)
            if run.position >= context.contextLength, try !shift(run) { try finish(run, .length) }
        } catch {
            fail(run, error)
        }
    }

    private func choose(
        _ run: SequenceRun, index: Int32, preserves: Bool
    ) throws -> (Int32, TokenLogProbability?) {
        guard let topCount = run.options.topLogProbabilityCount else {
            return (try run.sampler.next(context, index: index, preserves: preserves), nil)
        }
        let token = try run.sampler.next(context, index: index, preserves: true)
        return (token, context.logProbabilities(of: token, index: index, topCount: topCount, model: model))
    }

    /// Takes proposals that the model did not agree to out of the cache.
    private func rollBack(_ run: SequenceRun) throws {
        guard let sequence = run.sequence, pool.ledger.symbolCount(of: sequence) > run.computedCount else { return }
        guard pool.truncate(sequence, to: run.computedCount, position: run.position) else {
            throw InferenceError.decodeFailed(code: -1, reason: "proposed tokens could not be taken back")
        }
    }

    private func emit(_ run: SequenceRun) {
        if let delta = run.answer.takeDelta(isLast: false) { run.task.emit(.delta(delta)) }
    }

    // MARK: Shifting

    /// Drops the older half of the context, but what is to be kept; false when that is not asked for or of no use.
    private func shift(_ run: SequenceRun) throws -> Bool {
        guard run.options.shiftsContext, run.media.isEmpty, let sequence = run.sequence else { return false }
        let asked = run.options.keptTokenCount < 0 ? run.promptCount : run.options.keptTokenCount
        let kept = min(asked, run.computedCount - 4)
        let dropped = (run.computedCount - kept) / 2
        guard kept >= 0, dropped > 0 else { return false }
        guard context.canShift else {
            throw InferenceError.cannotShift(architecture: model.metadata("general.architecture") ?? "unknown")
        }
        guard pool.shift(sequence, removing: kept..<kept + dropped) else { return false }
        run.content.removeSubrange(kept..<kept + dropped)
        run.computedCount -= dropped
        run.position -= dropped
        run.keptCount = min(run.keptCount ?? kept, kept)
        return true
    }

    // MARK: Ends

    private func finish(_ run: SequenceRun, _ reason: FinishReason) throws {
        try run.answer.end()
        if let delta = run.answer.takeDelta(isLast: true) { run.task.emit(.delta(delta)) }
        let message = run.answer.message
        let now = ContinuousClock.now
        let (submitted, started) = (run.task.submitted, run.started ?? now)
        let promptEnded = run.promptEnded ?? now
        var result = GenerationResult(
            text: run.answer.text, tokens: run.answer.tokens, finishReason: reason, stopString: run.answer.metStop,
            promptTokenCount: pool.table.positionCount(of: run.content[..<min(run.promptCount, run.content.count)]),
            cachedPromptTokenCount: run.cachedCount ?? 0, completionTokenCount: run.answer.sampledCount,
            seed: run.sampler.seed, queueDuration: started - submitted, promptDuration: promptEnded - started,
            completionDuration: (run.answer.lastToken ?? promptEnded) - promptEnded,
            timeToFirstToken: run.answer.firstToken.map { $0 - submitted }, totalDuration: now - submitted)
        if run.keptCount != nil { result.promptTokenCount = run.promptCount }
        result.choice = run.choice
        result.reasoning = message.reasoning
        result.toolCalls = message.toolCalls
        if reason == .stop, !message.toolCalls.isEmpty { result.finishReason = .toolCalls }
        result.reasoningTokenCount = run.answer.reasoningCount
        result.draftedTokenCount = run.draftedCount
        result.acceptedDraftTokenCount = run.acceptedCount
        leave(run)
        run.task.finish(result)
    }

    private func fail(_ run: SequenceRun, _ error: any Error) {
        run.task.fail(error)
        leave(run)
    }

    /// `run` is over before its end.
    func stop(_ run: SequenceRun) { leave(run) }

    /// `run` runs no more: what it computed is kept, for whom it may be of use.
    private func leave(_ run: SequenceRun) {
        guard running.contains(where: { $0 === run }) else { return }
        running.removeAll { $0 === run }
        if let sequence = run.sequence {
            let count = min(run.computedCount, run.keptCount ?? .max)
            let isLast = run.namespace.privateNumber == 0 || isNeeded(run.namespace)
            if isLast, run.leader == nil, !run.needsBeginning,
                pool.truncate(sequence, to: count, position: pool.table.positionCount(of: run.content[..<count]))
            {
                pool.retain(sequence, namespace: run.namespace, symbols: Array(run.content[..<count]))
            } else {
                pool.drop(sequence)
            }
        }
        if run.namespace.privateNumber != 0, !isNeeded(run.namespace) { forgetPrivate(run) }
        run.sequence = nil
        abandonFollowers(of: run)
        settle(run)
    }

    /// Whether other choices of a request that shares with nobody are still to come.
    private func isNeeded(_ namespace: PrefixNamespace) -> Bool {
        running.contains { $0.namespace == namespace } || queue.contains(where: { $0.namespace == namespace })
    }

    /// Nobody may begin with what a request computed that shares with nobody.
    func forgetPrivate(_ run: SequenceRun) {
        for sequence in pool.index.retained where pool.index.live[sequence]?.namespace == run.namespace {
            pool.drop(sequence)
        }
        for (number, state) in pool.index.saved where state.namespace == run.namespace {
            pool.index.removeSaved(number)
        }
    }

    /// `run`, which failed with everyone in its batch or was given up in the middle of it, is gone; nothing of it is
    /// kept.
    func release(_ run: SequenceRun) {
        running.removeAll { $0 === run }
        if let sequence = run.sequence { pool.drop(sequence) }
        run.sequence = nil
        abandonFollowers(of: run)
        settle(run)
        if run.namespace.privateNumber != 0, !isNeeded(run.namespace) { forgetPrivate(run) }
    }
}

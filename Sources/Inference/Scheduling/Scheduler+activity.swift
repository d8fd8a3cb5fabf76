extension Scheduler {
    /// Whether ``activity`` is to be looked at again: who runs or waits has changed, or some turns have passed.
    func hasNews(isDue: Bool) -> Bool {
        let crowd = (running: running.count, waiting: queue.count)
        quietTurnCount += 1
        guard isDue || !hasWork || quietTurnCount >= 8 || crowd != lastCrowd else { return false }
        quietTurnCount = 0
        lastCrowd = crowd
        return true
    }

    /// What it does now.
    var activity: ModelActivity {
        var activity = ModelActivity()
        activity.activeRequestCount = Set(running.map { ObjectIdentifier($0.task) }).count
        activity.queuedRequestCount = waitingTaskCount
        activity.cellCount = context.memoryKind.isPurelyRecurrent ? 0 : context.cellCount
        activity.usedCellCount = context.memoryKind.isPurelyRecurrent ? 0 : pool.ledger.usedCount
        activity.prefixByteCount = pool.index.savedByteCount + keptByteCount
        activity.generatedTokenCount = counts.generated
        activity.promptTokenCount = counts.prompt
        activity.cachedPromptTokenCount = counts.cachedPrompt
        return activity
    }

    private var waitingTaskCount: Int {
        if queue.isEmpty { return 0 }
        let runs = Set(running.map { ObjectIdentifier($0.task) })
        return queue.distinctCount {
            ObjectIdentifier($0.task)
        } excluding: {
            runs.contains(ObjectIdentifier($0.task))
        }
    }

    /// Bytes of the cache's cells that only kept sequences hold. Counting them takes a while, so not in every turn.
    private var keptByteCount: Int64 {
        activityCount += 1
        if !hasWork || activityCount.isMultiple(of: 8) { lastKeptByteCount = countKeptBytes() }
        return lastKeptByteCount
    }

    private func countKeptBytes() -> Int64 {
        guard context.cellCount > 0, !context.memoryKind.isPurelyRecurrent else { return 0 }
        let inUse = pool.ledger.cellCount(heldByAnyOf: running.compactMap(\.sequence))
        return Int64(pool.ledger.usedCount - inUse) * contextByteCount / Int64(context.cellCount)
    }

    /// Nobody is served any more, and what was computed is saved for the model's next life.
    func saveAndEnd() {
        for run in running {
            run.task.fail(InferenceError.unloaded)
            stop(run)
        }
        end()
        _ = archive?.save(pool, byteLimit: pool.index.byteLimit)
        archive = nil
    }

    /// Nobody is served any more.
    func end() {
        for run in running { run.task.fail(InferenceError.unloaded) }
        for run in queue.remove(where: { _ in true }) { run.task.fail(InferenceError.unloaded) }
        running = []
    }
}

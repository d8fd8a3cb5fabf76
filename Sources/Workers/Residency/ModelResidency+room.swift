import Foundation
import Inference

extension ModelResidency {
    /// Waits until there is room for a model and promises it that.
    ///
    /// - Throws: `InferenceError.noRoom` when nothing can go for it, `.unloaded` after `close()`; `CancellationError`.
    func makeRoom(for entry: ResidencyEntry) async throws {
        guard !entry.isAdmitted else { return }
        roomQueue.append(entry)
        defer {
            roomQueue.removeAll { $0 === entry }
            notifyChange()
        }
        while true {
            try Task.checkCancellation()
            if isClosed { throw InferenceError.unloaded }
            if roomQueue.first === entry, try admit(entry) { return }
            try await nextChange()
        }
    }

    /// Whether it fits now; if not, those that have to go for it are told to.
    private func admit(_ entry: ResidencyEntry) throws -> Bool {
        let others = entries.values.filter { $0 !== entry && $0.isAdmitted }
        let room = budget.room(beside: others.map(\.holding))
        let missingBytes = room.map { entry.byteCount - $0 } ?? 0
        let missingCount = maximumModelCount.map { others.count + 1 - $0 } ?? 0
        let decidesEngine = others.isEmpty && !budget.isStrict
        if missingBytes <= 0 || decidesEngine, missingCount <= 0 {
            entry.isAdmitted = true
            return true
        }
        // What is on its way out already frees its part.
        let leaving = others.filter(\.isRetiring)
        let bytes = missingBytes - leaving.reduce(0) { $0 + $1.byteCount }
        let count = missingCount - leaving.count
        if bytes <= 0, count <= 0 { return false }
        let candidates = others.filter { !$0.isRetiring && !pinnedKeys.contains($0.key) }
        let now = Date.now
        guard
            let victims = EvictionPlan.victims(
                candidates.map { $0.candidate(now: now) }, byteCount: bytes, count: count)
        else { throw refusal(of: entry, others: others) }
        for entry in candidates where victims.contains(entry.key) { retire(entry, force: false) }
        return false
    }

    /// What a model may have when all go that may.
    func room(for entry: ResidencyEntry) -> LoadRoom {
        let others = entries.values.filter { $0 !== entry && $0.isAdmitted }
        return room(beside: others, leaving: others.filter { !pinnedKeys.contains($0.key) })
    }

    /// What models may have when none is in memory.
    public func room() -> LoadRoom {
        let all = entries.values.filter(\.isAdmitted)
        return room(beside: all, leaving: all)
    }

    private func room(beside others: [ResidencyEntry], leaving: [ResidencyEntry]) -> LoadRoom {
        let available = budget.room(beside: others.map(\.holding))
        let devices = leaving.compactMap(\.model).flatMap(\.memory.devices).filter { !$0.isHost }
        return LoadRoom(
            availableByteCount: available.map { leaving.reduce($0) { $0 + $1.byteCount } },
            freedByteCounts: devices.reduce(into: [:]) { $0[$1.device, default: 0] += $1.totalByteCount })
    }

    private func refusal(of entry: ResidencyEntry, others: [ResidencyEntry]) -> InferenceError {
        let holders = others.filter { pinnedKeys.contains($0.key) }.sorted { $0.name < $1.name }
        return .noRoom(
            model: entry.name, neededByteCount: entry.byteCount,
            availableByteCount: max(0, self.room(for: entry).availableByteCount ?? 0),
            modelLimit: maximumModelCount.flatMap { holders.count >= $0 ? $0 : nil },
            holders: holders.map { .init(model: $0.name, byteCount: $0.byteCount) })
    }

    /// Lets the least valuable model go that nobody uses. False when there is none.
    func evictOne(besides entry: ResidencyEntry?) async -> Bool {
        let now = Date.now
        let idle = entries.values.filter { $0 !== entry && $0.isIdle && !pinnedKeys.contains($0.key) }
        let order = idle.map { ($0, $0.candidate(now: now)) }
        guard let (victim, _) = order.min(by: { ($0.1.value, $0.1.key) < ($1.1.value, $1.1.key) }) else {
            return false
        }
        retire(victim, force: false)
        await gone(victim)
        return true
    }

    /// Others wait for memory: when there is little left, one model goes; when that does not help it is said again.
    func relieve() async {
        guard budget.isShort(beside: entries.values.filter(\.isAdmitted).map(\.holding)) else { return }
        _ = await evictOne(besides: nil)
    }

    // MARK: Waiting

    /// Wakes all who wait for something to change.
    func notifyChange() {
        let waiters = changeWaiters
        changeWaiters = [:]
        for waiter in waiters.values { waiter.resume() }
    }

    private func nextChange() async throws {
        let id = UUID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    changeWaiters[id] = continuation
                }
            }
        } onCancel: {
            Task { await self.stopWaitingForChange(id) }
        }
    }

    private func stopWaitingForChange(_ id: UUID) {
        changeWaiters.removeValue(forKey: id)?.resume(throwing: CancellationError())
    }
}

import Foundation
import Hardware
import Inference

extension ModelResidency {
    /// Begins to load a model; all who ask for it meanwhile wait for the same.
    func startLoading(_ request: ModelRequest) {
        let entry = ResidencyEntry(request)
        entries[request.key] = entry
        entry.state = .loading(
            Task { [weak self] in
                let result: Result<any RunningModel, any Error>
                do {
                    guard let model = try await self?.bringIn(entry, request) else { throw CancellationError() }
                    result = .success(model)
                } catch {
                    result = .failure(error)
                }
                await self?.finishLoading(entry, result)
            })
    }

    private func bringIn(_ entry: ResidencyEntry, _ request: ModelRequest) async throws -> any RunningModel {
        if let plan = await planner?.plan(request, room: room(for: entry)) {
            guard plan.refusal.isEmpty else {
                throw InferenceError.doesNotFit(model: request.name, advice: plan.refusal)
            }
            for step in plan.retreats { onRetreat?(request.name, step) }
            follow(plan, entry)
        }
        while true {
            do {
                try await makeRoom(for: entry)
                let progress = entry.progress
                return try await launcher.load(
                    request.files, name: request.name, options: entry.plan.options, identity: request.key
                ) { progress.report($0) }
            } catch let error as InferenceError where error.isMemoryShortage {
                // The engine knows better than any plan; room for it may be held by models that nobody uses.
                if entry.isAdmitted, await evictOne(besides: entry) { continue }
                guard
                    let next = await planner?.retreat(
                        from: entry.plan, of: request, after: error, room: room(for: entry))
                else { throw error }
                for step in next.retreats.dropFirst(entry.plan.retreats.count) { onRetreat?(request.name, step) }
                follow(next, entry)
            }
        }
    }

    private func follow(_ plan: LoadPlan, _ entry: ResidencyEntry) {
        entry.plan = plan
        entry.memory = plan.memory
        entry.isAdmitted = false
    }

    private func finishLoading(_ entry: ResidencyEntry, _ result: Result<any RunningModel, any Error>) {
        switch result {
        case .success(let model):
            entry.state = .ready(model)
            entry.memory = model.memory.without(entry.plan.ownMemoryDevices)
            entry.memory?.computeByteCount += entry.plan.estimate?.besideByteCount ?? 0
            entry.loadedAt = .now
        case .failure: remove(entry)
        }
        let waiters = entry.loadWaiters
        entry.loadWaiters = [:]
        for waiter in waiters.values { waiter.resume(with: result) }
        // All who waited may have gone away meanwhile.
        if entry.leaseCount == 0 { startUnloading(entry) }
        notifyChange()
    }

    // MARK: Unloading

    func retire(_ entry: ResidencyEntry, force: Bool) {
        entry.isRetiring = true
        switch entry.state {
        case .loading(let task): if force || entry.leaseCount == 0 { task.cancel() }
        case .ready: if force || entry.leaseCount == 0 { startUnloading(entry) }
        case .unloading: break
        }
    }

    func startUnloading(_ entry: ResidencyEntry) {
        guard let model = entry.model else { return }
        entry.stopExpiry()
        entry.isRetiring = true
        entry.state = .unloading
        let planner = planner
        let outcome = LoadOutcome(entry, model)
        Task {
            await model.unload()
            await planner?.learn(outcome, of: entry.request)
            self.remove(entry)
        }
    }

    private func remove(_ entry: ResidencyEntry) {
        if entries[entry.key] === entry { entries[entry.key] = nil }
        entry.isGone = true
        let waiters = entry.goneWaiters
        entry.goneWaiters = []
        for waiter in waiters { waiter.resume() }
        notifyChange()
    }

    func gone(_ entry: ResidencyEntry) async {
        if entry.isGone { return }
        await withCheckedContinuation { entry.goneWaiters.append($0) }
    }
}

extension LoadOutcome {
    fileprivate init(_ entry: ResidencyEntry, _ model: any RunningModel) {
        let activity = model.activity
        self.init(
            plan: entry.plan, memory: model.memory, architecture: model.info.architecture,
            peakByteCount: activity.processIdentifier.flatMap { ProcessMemory.of(process: $0)?.peakResidentByteCount },
            tokenCount: activity.generatedTokenCount + activity.promptTokenCount)
    }
}

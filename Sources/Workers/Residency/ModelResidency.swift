import Foundation
public import Inference

/// Which models are in memory: loads each once however many ask, keeps it while it is used and for its keep-alive
/// after that, and makes room by letting the longest unused go.
public actor ModelResidency {
    private var entries: [String: ResidencyEntry] = [:]
    private let maximumModelCount: Int?
    private var isClosed = false

    /// - Parameter maximumModelCount: most models in memory at once; `nil` as many as fit.
    public init(maximumModelCount: Int? = nil) {
        self.maximumModelCount = maximumModelCount
    }

    /// Runs `body` with the model loaded; it is not let go before `body` returns.
    ///
    /// - Throws: `InferenceError` when loading fails, `CancellationError`, or what `body` throws.
    public nonisolated func withModel<R: Sendable>(
        _ request: ModelRequest, progress: (@Sendable (Double) -> Void)? = nil,
        _ body: @Sendable (any RunningModel) async throws -> R
    ) async throws -> R {
        let (entry, model) = try await lease(request, progress: progress)
        do {
            let result = try await body(model)
            await release(entry)
            return result
        } catch {
            await release(entry)
            throw error
        }
    }

    /// Loads the model, if it is not loaded, and starts its keep-alive anew.
    ///
    /// - Throws: `InferenceError` when loading fails, `CancellationError`.
    @discardableResult
    public func load(_ request: ModelRequest, progress: (@Sendable (Double) -> Void)? = nil) async throws
        -> any RunningModel
    {
        let (entry, model) = try await lease(request, progress: progress)
        release(entry)
        return model
    }

    /// Lets a model go when its running requests have ended; at once with `force`, which ends their streams with
    /// `InferenceError.unloaded`. Returns when its memory is free; false when it was not loaded.
    @discardableResult
    public func unload(_ key: String, force: Bool = false) async -> Bool {
        guard let entry = entries[key] else { return false }
        retire(entry, force: force)
        await gone(entry)
        return true
    }

    /// Lets all models go, running requests included, and loads none any more.
    public func close() async {
        isClosed = true
        let all = Array(entries.values)
        for entry in all { retire(entry, force: true) }
        for entry in all { await gone(entry) }
    }

    /// The models that are in memory, by name.
    public func residents() -> [ResidentModel] {
        entries.values.compactMap { $0.resident }.sorted { $0.name < $1.name }
    }

    // MARK: Leases

    private func lease(
        _ request: ModelRequest, progress: (@Sendable (Double) -> Void)?
    ) async throws -> (ResidencyEntry, any RunningModel) {
        while true {
            try Task.checkCancellation()
            if isClosed { throw InferenceError.unloaded }
            guard let entry = entries[request.key] else {
                try await makeRoom(besides: request.key)
                if entries[request.key] == nil { startLoading(request) }
                continue
            }
            if entry.isRetiring || !entry.serves(request.options) {
                retire(entry, force: false)
                await gone(entry)
                continue
            }
            entry.take(request.keepAlive)
            do {
                return (entry, try await model(of: entry, progress: progress))
            } catch {
                release(entry)
                // Room for it may be held by models that nobody uses.
                if case InferenceError.outOfMemory = error, await evictOne(besides: entry) { continue }
                throw error
            }
        }
    }

    private func release(_ entry: ResidencyEntry) {
        entry.leaseCount -= 1
        entry.lastUsed = .now
        guard entry.leaseCount == 0 else { return }
        if entry.isRetiring { return startUnloading(entry) }
        guard case .ready = entry.state else { return }
        switch entry.keepAlive {
        case .forever: break
        case .never: retire(entry, force: false)
        case .after(let duration):
            entry.expiresAt = Date.now.addingTimeInterval(duration / .seconds(1))
            entry.expiry = Task { [weak self, weak entry] in
                guard (try? await Task.sleep(for: duration)) != nil, let entry else { return }
                await self?.expire(entry)
            }
        }
    }

    private func expire(_ entry: ResidencyEntry) {
        // A request may have come between the end of the sleep and now.
        guard entry.leaseCount == 0, let date = entry.expiresAt, date <= .now.addingTimeInterval(0.001) else { return }
        retire(entry, force: false)
    }

    // MARK: Loading

    private func startLoading(_ request: ModelRequest) {
        let entry = ResidencyEntry(request)
        entries[request.key] = entry
        let (options, progress) = (entry.options, entry.progress)
        entry.state = .loading(
            Task { [weak self, weak entry] in
                let result: Result<any RunningModel, any Error>
                do {
                    result = .success(
                        try await LoadedModel.load(request.files, name: request.name, options: options) {
                            progress.report($0)
                        })
                } catch {
                    result = .failure(error)
                }
                if let entry { await self?.finishLoading(entry, result) }
            })
    }

    private func finishLoading(_ entry: ResidencyEntry, _ result: Result<any RunningModel, any Error>) {
        switch result {
        case .success(let model):
            entry.state = .ready(model)
            entry.loadedAt = .now
        case .failure: remove(entry)
        }
        let waiters = entry.loadWaiters
        entry.loadWaiters = [:]
        for waiter in waiters.values { waiter.resume(with: result) }
        // All who waited may have gone away meanwhile.
        if entry.leaseCount == 0 { startUnloading(entry) }
    }

    /// The loaded model; waits for it without keeping a cancelled task waiting.
    private func model(
        of entry: ResidencyEntry, progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        if case .ready(let model) = entry.state { return model }
        if let progress { entry.progress.add(progress) }
        let id = UUID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    entry.loadWaiters[id] = continuation
                }
            }
        } onCancel: {
            Task { await self.stopWaiting(id, for: entry) }
        }
    }

    private func stopWaiting(_ id: UUID, for entry: ResidencyEntry) {
        guard let waiter = entry.loadWaiters.removeValue(forKey: id) else { return }
        waiter.resume(throwing: CancellationError())
        if entry.loadWaiters.isEmpty, case .loading(let task) = entry.state {
            // Nobody wants it any more. Whoever comes now waits for the end of it and loads anew.
            entry.isRetiring = true
            task.cancel()
        }
    }

    // MARK: Unloading

    private func retire(_ entry: ResidencyEntry, force: Bool) {
        entry.isRetiring = true
        switch entry.state {
        case .loading(let task): if force || entry.leaseCount == 0 { task.cancel() }
        case .ready: if force || entry.leaseCount == 0 { startUnloading(entry) }
        case .unloading: break
        }
    }

    private func startUnloading(_ entry: ResidencyEntry) {
        guard case .ready(let model) = entry.state else { return }
        entry.expiry?.cancel()
        entry.expiresAt = nil
        entry.isRetiring = true
        entry.state = .unloading
        Task {
            await model.unload()
            self.remove(entry)
        }
    }

    private func remove(_ entry: ResidencyEntry) {
        if entries[entry.key] === entry { entries[entry.key] = nil }
        entry.isGone = true
        let waiters = entry.goneWaiters
        entry.goneWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    private func gone(_ entry: ResidencyEntry) async {
        if entry.isGone { return }
        await withCheckedContinuation { entry.goneWaiters.append($0) }
    }

    // MARK: Room

    private func makeRoom(besides key: String) async throws {
        guard let maximumModelCount else { return }
        while entries.count >= max(maximumModelCount, 1), entries[key] == nil {
            let idle = leastRecentlyUsed(entries.values.filter { $0.leaseCount == 0 })
            // When all are in use the first that ends makes room.
            guard let victim = idle ?? leastRecentlyUsed(Array(entries.values)) else { return }
            retire(victim, force: false)
            await gone(victim)
            try Task.checkCancellation()
        }
    }

    private func evictOne(besides entry: ResidencyEntry) async -> Bool {
        let idle = entries.values.filter { $0 !== entry && $0.leaseCount == 0 }
        guard let victim = leastRecentlyUsed(idle) else { return false }
        retire(victim, force: false)
        await gone(victim)
        return true
    }

    private func leastRecentlyUsed(_ candidates: [ResidencyEntry]) -> ResidencyEntry? {
        candidates.min { $0.lastUsed < $1.lastUsed }
    }
}

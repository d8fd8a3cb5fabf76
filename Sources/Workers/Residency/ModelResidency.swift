import Foundation
public import Inference
import Synchronization

/// Which models are in memory: loads each once however many ask, keeps it while it is used and for its keep-alive
/// after that, and makes room by letting the least valuable ones go that nobody uses.
///
/// A model that needs more memory than is left waits until others have gone; a model in use is never ended for it, its
/// running requests are waited for. When nothing can go the request is refused with the numbers. Pinned models go only
/// when they are told to.
public actor ModelResidency {
    let launcher: any ModelLauncher
    let budget: MemoryBudget
    let planner: (any LoadPlanner)?
    let onRetreat: (@Sendable (String, LoadRetreat) -> Void)?
    private(set) var maximumModelCount: Int?
    var entries: [String: ResidencyEntry] = [:]
    var pinnedKeys: Set<String> = []
    var isClosed = false
    /// Those that wait for room, the first first, so that a large model is not passed by small ones for ever.
    var roomQueue: [ResidencyEntry] = []
    var changeWaiters: [UUID: CheckedContinuation<Void, any Error>] = [:]
    private let watch = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - launcher: how models come into memory.
    ///   - budget: how much they may take together.
    ///   - planner: how a model is loaded where nobody has said, and what it will take; without one, and where it cannot
    ///     tell, the engine alone refuses.
    ///   - onRetreat: told the model's name and what was given up so that it could be loaded.
    ///   - pressure: tells when the machine runs out of memory; idle models go then.
    ///   - maximumModelCount: most models in memory at once, besides the budget; `nil` as many as fit.
    public init(
        launcher: any ModelLauncher = InProcessLauncher(), budget: MemoryBudget = MemoryBudget(),
        planner: (any LoadPlanner)? = nil, pressure: (any MemoryPressure)? = nil, maximumModelCount: Int? = nil,
        onRetreat: (@Sendable (String, LoadRetreat) -> Void)? = nil
    ) {
        self.launcher = launcher
        self.budget = budget
        self.planner = planner
        self.onRetreat = onRetreat
        self.maximumModelCount = maximumModelCount.map { max($0, 1) }
        guard let pressure else { return }
        let task = Task { [weak self] in
            for await _ in pressure.signals() { await self?.relieve() }
        }
        watch.withLock { $0 = task }
    }

    deinit { watch.withLock { $0?.cancel() } }

    /// Runs `body` with the model loaded; it is not let go before `body` returns.
    ///
    /// - Throws: `InferenceError` when loading fails, `.noRoom` when nothing can go for it; `CancellationError`, or
    ///   what `body` throws.
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
    /// - Parameter pinning: `true` pins it, `false` unpins it, `nil` leaves it as it is.
    /// - Throws: `InferenceError` when loading fails, `.noRoom` when nothing can go for it; `CancellationError`.
    @discardableResult
    public func load(
        _ request: ModelRequest, pinning: Bool? = nil, progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> any RunningModel {
        let (entry, model) = try await lease(request, progress: progress)
        if pinning == true { pinnedKeys.insert(request.key) }
        if pinning == false { pinnedKeys.remove(request.key) }
        release(entry)
        return model
    }

    /// Lets a pinned model go again as any other: its keep-alive begins now. False when it was not pinned.
    @discardableResult
    public func unpin(_ key: String) -> Bool {
        guard pinnedKeys.remove(key) != nil else { return false }
        if let entry = entries[key], entry.isIdle { startKeepAlive(entry) }
        notifyChange()
        return true
    }

    /// Lets a model go when its running requests have ended; at once with `force`, which ends their streams with
    /// `InferenceError.unloaded`. It is no longer pinned then. Returns when its memory is free; false when it was not
    /// loaded.
    @discardableResult
    public func unload(_ key: String, force: Bool = false) async -> Bool {
        pinnedKeys.remove(key)
        guard let entry = entries[key] else { return false }
        retire(entry, force: force)
        await gone(entry)
        return true
    }

    /// Lets all models go, running requests included, and loads none any more.
    public func close() async {
        isClosed = true
        watch.withLock { $0?.cancel() }
        let all = Array(entries.values)
        for entry in all { retire(entry, force: true) }
        notifyChange()
        for entry in all { await gone(entry) }
    }

    /// Most models in memory at once from now on; those that are there stay until others come.
    public func setMaximumModelCount(_ count: Int?) {
        maximumModelCount = count.map { max($0, 1) }
        notifyChange()
    }

    /// How many models wait for room.
    public var waitingCount: Int { roomQueue.count }

    /// The models that are in memory, by name.
    public func residents() -> [ResidentModel] {
        entries.values.compactMap { entry in
            guard let model = entry.model else { return nil }
            return ResidentModel(
                key: entry.key, name: entry.name, model: model, options: entry.plan.options,
                retreats: entry.plan.retreats,
                loadedAt: entry.loadedAt, expiresAt: entry.expiresAt, leaseCount: entry.leaseCount,
                isPinned: pinnedKeys.contains(entry.key))
        }.sorted { ($0.name, $0.key) < ($1.name, $1.key) }
    }
}

import Foundation
import Inference
import Synchronization

/// One model on its way into memory, in it, or on its way out.
final class ResidencyEntry: @unchecked Sendable {  // why sound: only the actor that owns it touches its state
    enum State {
        case loading(Task<Void, Never>)
        case ready(any RunningModel)
        case unloading
    }

    /// Who asked for it first.
    let request: ModelRequest
    var key: String { request.key }
    var name: String { request.name }
    /// As it was asked for.
    let options: LoadOptions
    /// As it is loaded.
    var plan: LoadPlan
    let progress = LoadProgress()
    var state = State.unloading
    var keepAlive: KeepAlive
    var leaseCount = 0
    var loadedAt = Date.now
    var lastUsed = Date.now
    var expiresAt: Date?
    var expiry: Task<Void, Never>?
    /// What it has of the machine's own memory: as forecast, then as the engine accounts for it; `nil` when nothing is known.
    var memory: ModelMemory?
    /// It has been promised its memory.
    var isAdmitted = false
    /// No new request joins; it goes when its leases end.
    var isRetiring = false
    var isGone = false
    var loadWaiters: [UUID: CheckedContinuation<any RunningModel, any Error>] = [:]
    var goneWaiters: [CheckedContinuation<Void, Never>] = []

    init(_ request: ModelRequest) {
        self.request = request
        options = request.options ?? request.defaultOptions
        plan = LoadPlan(options: options)
        keepAlive = request.keepAlive
    }

    /// Whether a request for `wanted` can be served by what is loaded.
    func serves(_ wanted: LoadOptions?) -> Bool { wanted == nil || wanted == options }

    func take(_ keepAlive: KeepAlive) {
        leaseCount += 1
        self.keepAlive = keepAlive
        lastUsed = .now
        stopExpiry()
    }

    func stopExpiry() {
        expiry?.cancel()
        expiry = nil
        expiresAt = nil
    }

    /// The model, once it is loaded and as long as it serves.
    var model: (any RunningModel)? {
        if case .ready(let model) = state { model } else { nil }
    }

    /// Loaded, and no request uses it.
    var isIdle: Bool { model != nil && leaseCount == 0 && !isRetiring }

    var byteCount: Int64 { memory?.totalByteCount ?? 0 }

    var holding: MemoryBudget.Holding {
        MemoryBudget.Holding(
            memory: memory ?? ModelMemory(weightsByteCount: 0, contextByteCount: 0, computeByteCount: 0),
            isLoaded: model != nil, isMapped: plan.options.memoryMap && !plan.options.memoryLock)
    }

    func candidate(now: Date) -> EvictionPlan.Candidate {
        let left: Double =
            switch keepAlive {
            case .forever: .infinity
            case .never: 0
            case .after(let duration): expiresAt.map { max($0.timeIntervalSince(now), 0) } ?? duration / .seconds(1)
            }
        return EvictionPlan.Candidate(
            key: key, byteCount: byteCount, idleSeconds: max(now.timeIntervalSince(lastUsed), 0), secondsLeft: left,
            isInUse: !isIdle)
    }
}

/// Tells everyone who waits how far loading is.
final class LoadProgress: Sendable {
    private let listeners = Mutex<[@Sendable (Double) -> Void]>([])

    func add(_ listener: @escaping @Sendable (Double) -> Void) { listeners.withLock { $0.append(listener) } }

    func report(_ fraction: Double) {
        for listener in listeners.withLock({ $0 }) { listener(fraction) }
    }
}

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

    let key: String
    let name: String
    let options: LoadOptions
    let progress = LoadProgress()
    var state = State.unloading
    var keepAlive: KeepAlive
    var leaseCount = 0
    var loadedAt = Date.now
    var lastUsed = Date.now
    var expiresAt: Date?
    var expiry: Task<Void, Never>?
    /// No new request joins; it goes when its leases end.
    var isRetiring = false
    var isGone = false
    var loadWaiters: [UUID: CheckedContinuation<any RunningModel, any Error>] = [:]
    var goneWaiters: [CheckedContinuation<Void, Never>] = []

    init(_ request: ModelRequest) {
        key = request.key
        name = request.name
        options = request.options ?? request.defaultOptions
        keepAlive = request.keepAlive
    }

    /// Whether a request for `wanted` can be served by what is loaded.
    func serves(_ wanted: LoadOptions?) -> Bool { wanted == nil || wanted == options }

    func take(_ keepAlive: KeepAlive) {
        leaseCount += 1
        self.keepAlive = keepAlive
        lastUsed = .now
        expiry?.cancel()
        expiry = nil
        expiresAt = nil
    }

    var resident: ResidentModel? {
        guard case .ready(let model) = state else { return nil }
        return ResidentModel(
            key: key, name: name, model: model, options: options, loadedAt: loadedAt, expiresAt: expiresAt,
            leaseCount: leaseCount)
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

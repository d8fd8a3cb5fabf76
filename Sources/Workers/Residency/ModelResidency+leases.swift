import Foundation
import Inference

extension ModelResidency {
    func lease(
        _ request: ModelRequest, progress: (@Sendable (Double) -> Void)?
    ) async throws -> (ResidencyEntry, any RunningModel) {
        while true {
            try Task.checkCancellation()
            if isClosed { throw InferenceError.unloaded }
            guard let entry = entries[request.key] else {
                startLoading(request)
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
                throw error
            }
        }
    }

    func release(_ entry: ResidencyEntry) {
        entry.leaseCount -= 1
        entry.lastUsed = .now
        guard entry.leaseCount == 0 else { return }
        if entry.isRetiring { return startUnloading(entry) }
        guard entry.model != nil else { return }
        startKeepAlive(entry)
        notifyChange()
    }

    func startKeepAlive(_ entry: ResidencyEntry) {
        guard !pinnedKeys.contains(entry.key) else { return }
        switch entry.keepAlive {
        case .forever: break
        case .never: retire(entry, force: false)
        case .after(let duration):
            entry.expiry?.cancel()
            entry.expiresAt = Date.now.addingTimeInterval(duration / .seconds(1))
            entry.expiry = Task { [weak self, weak entry] in
                guard (try? await Task.sleep(for: duration)) != nil, let entry else { return }
                await self?.expire(entry)
            }
        }
    }

    private func expire(_ entry: ResidencyEntry) {
        // A request, or a pin, may have come between the end of the sleep and now.
        guard entry.leaseCount == 0, !pinnedKeys.contains(entry.key), let date = entry.expiresAt,
            date <= .now.addingTimeInterval(0.001)
        else { return }
        retire(entry, force: false)
    }

    /// The loaded model; waits for it without keeping a cancelled task waiting.
    private func model(
        of entry: ResidencyEntry, progress: (@Sendable (Double) -> Void)?
    ) async throws -> any RunningModel {
        if let model = entry.model { return model }
        if let progress { entry.progress.add(progress) }
        let id = UUID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                    abandonIfUnwanted(entry)
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
        abandonIfUnwanted(entry)
    }

    private func abandonIfUnwanted(_ entry: ResidencyEntry) {
        guard entry.loadWaiters.isEmpty, case .loading(let task) = entry.state else { return }
        // Nobody wants it any more. Whoever comes now waits for the end of it and loads anew.
        entry.isRetiring = true
        task.cancel()
    }
}

import Inference
import Synchronization

/// A stream's way to its worker, and the way back when nobody reads it any more.
final class StreamTicket: Sendable {
    private enum State {
        case waiting, cancelled
        case sent(WorkerLink, UInt64)
    }

    private let state = Mutex(State.waiting)

    /// Sends the request, if it was not cancelled meanwhile.
    func send(_ request: GenerationRequest, over link: WorkerLink, _ continuation: GenerationStream.Continuation) {
        let payload: [UInt8]
        do {
            payload = try request.workerPayload()
        } catch {
            return continuation.finish(throwing: InferenceError.workerFailed(reason: "\(error)"))
        }
        guard let number = link.pending.add(continuation, choiceCount: max(1, request.choiceCount)) else { return }
        let wasCancelled = state.withLock { state in
            if case .cancelled = state { return true }
            state = .sent(link, number)
            return false
        }
        if wasCancelled { return link.pending.cancel(number) }
        link.submit(.generate, number, payload)
        // Cancelled on the way: the worker may have been told before there was anything to cancel.
        let isCancelled = state.withLock { if case .cancelled = $0 { true } else { false } }
        if isCancelled { _ = link.send(.cancel, number) }
    }

    /// Nobody reads the stream any more.
    func cancel() {
        let old = state.withLock { state in
            defer { state = .cancelled }
            return state
        }
        if case .sent(let link, let number) = old { link.cancel(number) }
    }
}

extension WorkerLink {
    /// Sends a request that is pending already, or lets it fail.
    func submit(_ kind: WorkerFrame.Kind, _ number: UInt64, _ payload: [UInt8]) {
        guard payload.count <= WorkerFrame.payloadLimit else {
            return pending.fail(
                number,
                InferenceError.workerFailed(
                    reason: "the request is larger than \(WorkerFrame.payloadLimit >> 20) MiB; send less at once"))
        }
        if !send(kind, number, payload) {
            pending.fail(
                number, InferenceError.workerFailed(reason: "it takes no more requests now; try again in a moment"))
        }
    }

    /// Forgets a request and tells the worker.
    func cancel(_ number: UInt64) {
        pending.cancel(number)
        _ = send(.cancel, number)
    }
}

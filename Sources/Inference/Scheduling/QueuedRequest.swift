import Synchronization

/// One request on its way through the engine's thread.
final class QueuedRequest: Sendable {
    let request: GenerationRequest
    let submitted = ContinuousClock.now
    private let continuation: GenerationStream.Continuation
    private let stopped = Atomic<Bool>(false)

    var options: GenerationOptions { request.options }

    init(_ request: GenerationRequest, continuation: GenerationStream.Continuation) {
        self.request = request
        self.continuation = continuation
    }

    /// Nobody listens any more: the engine may stop at once.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    func emit(_ event: GenerationEvent) {
        if case .terminated = continuation.yield(event) { stop() }
    }

    func finish(_ result: GenerationResult) {
        continuation.yield(.finished(result))
        continuation.finish()
    }

    func fail(_ error: any Error) { continuation.finish(throwing: error) }

    /// Ends the work; the engine looks at this between tokens and within long prompts.
    func stop() { stopped.store(true, ordering: .relaxed) }
}

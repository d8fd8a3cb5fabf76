import Synchronization

/// A request on its way through the model, and the stream of those who wait for it. All its choices share it.
final class GenerationTask: Sendable {
    let request: GenerationRequest
    let submitted: ContinuousClock.Instant
    /// When it must be finished.
    let deadline: ContinuousClock.Instant?
    private let continuation: GenerationStream.Continuation
    private let stopped = Atomic<Bool>(false)
    private let openChoiceCount: Atomic<Int>
    /// Called once when it is stopped, to have its places freed.
    private let didStop = Mutex<(@Sendable () -> Void)?>(nil)

    var options: GenerationOptions { request.options }

    init(_ request: GenerationRequest, continuation: GenerationStream.Continuation) {
        self.request = request
        self.continuation = continuation
        let submitted = ContinuousClock.now
        self.submitted = submitted
        deadline = request.timeLimit.map { submitted + $0 }
        openChoiceCount = Atomic(max(1, request.choiceCount))
    }

    /// Nobody listens any more: the engine may stop at once.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// Whether all its choices have ended.
    var isFinished: Bool { openChoiceCount.load(ordering: .relaxed) <= 0 }

    /// Whether its time is over.
    func isLate(at now: ContinuousClock.Instant) -> Bool { deadline.map { now >= $0 } ?? false }

    /// Whether the engine may give it up in the middle of a computation.
    var isOver: Bool { isStopped || (deadline != nil && isLate(at: .now)) }

    func onStop(_ body: @escaping @Sendable () -> Void) { didStop.withLock { $0 = body } }

    func emit(_ event: GenerationEvent) {
        guard !isStopped else { return }
        if case .terminated = continuation.yield(event) { stop() }
    }

    /// The end of one choice; after the last one the stream ends.
    func finish(_ result: GenerationResult) {
        emit(.finished(result))
        if openChoiceCount.subtract(1, ordering: .relaxed).newValue == 0 { continuation.finish() }
    }

    /// The end of all choices.
    func fail(_ error: any Error) {
        continuation.finish(throwing: error)
        stop()
    }

    /// Ends the work; the engine looks at this between turns and within long ones.
    func stop() {
        guard !stopped.exchange(true, ordering: .relaxed) else { return }
        didStop.withLock { $0.take() }?()
    }
}

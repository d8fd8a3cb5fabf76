import Synchronization

/// One request on its way through the engine's thread.
final class GenerationRequest: Sendable {
    /// What is asked.
    enum Prompt: Sendable {
        case text(String, addSpecial: Bool)
        case tokens([Int32])
        case messages([ChatMessage])
    }

    let prompt: Prompt
    let options: GenerationOptions
    let submitted = ContinuousClock.now
    private let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    private let stopped = Atomic<Bool>(false)

    init(
        _ prompt: Prompt, options: GenerationOptions,
        continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    ) {
        self.prompt = prompt
        self.options = options
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

public import Inference

extension AsyncThrowingStream<GenerationEvent, any Error> {
    /// What the stream ends with, and the text that it emitted on the way.
    ///
    /// - Throws: what the stream throws; `CancellationError` when it ends without a result.
    public func outcome() async throws -> (result: GenerationResult, streamed: String) {
        var text = ""
        for try await event in self {
            switch event {
            case .promptProgress, .queued: break
            case .delta(let delta): text += delta.text
            case .finished(let result): return (result, text)
            }
        }
        throw CancellationError()
    }
}

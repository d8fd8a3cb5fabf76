import Roost

/// Where answers are computed: in this process, or by a server that runs already.
protocol ChatBackend: Sendable {
    /// Gets the model into memory with these settings, if it is not; a request does it too.
    ///
    /// Throws what loading throws, `CancellationError`.
    func load(
        _ model: RunModel, settings: RunSettings, progress: @escaping @Sendable (Double) -> Void
    ) async throws

    /// Answers; the last event is `finished`. Stopping to read ends the work.
    func answer(
        _ input: RunInput, by model: RunModel, settings: RunSettings
    ) -> any RunEvents

    /// Memory that the model takes; `nil` when it is not known.
    func memory(of model: RunModel) async -> RunMemory?

    /// What was given up so that the model could be loaded; empty as a rule.
    func retreats(of model: RunModel) async -> [LoadRetreat]

    /// Frees what this process holds.
    func close() async
}

/// Memory, in bytes, at the end of a run.
struct RunMemory: Sendable, Hashable, Encodable {
    /// Weights, context and buffers together.
    var modelByteCount: Int64
    /// What this process held at most; `nil` when the model is another process's.
    var peakProcessByteCount: Int64?
}

/// The events of an answer as they come.
typealias RunEvents = AsyncSequence<RunEvent, any Error> & Sendable

/// What an answer emits, in order: progress through the prompt, text, then one `finished`.
enum RunEvent: Sendable, Hashable {
    case promptProgress(processed: Int, total: Int)
    case text(String)
    case finished(RunResult)

    /// `nil` for what a conversation does not show.
    init?(_ event: GenerationEvent) {
        switch event {
        case .queued: return nil
        case .promptProgress(let processed, let total, _): self = .promptProgress(processed: processed, total: total)
        case .delta(let delta):
            guard !delta.text.isEmpty else { return nil }
            self = .text(delta.text)
        case .finished(let result): self = .finished(RunResult(result))
        }
    }
}

/// The end of an answer: why it ended and what it cost.
struct RunResult: Sendable, Hashable {
    var finishReason: FinishReason
    var promptTokenCount: Int
    var promptDuration: Duration
    var completionTokenCount: Int
    var completionDuration: Duration
    var timeToFirstToken: Duration?
    var totalDuration: Duration

    /// Decode speed; 0 when nothing was generated.
    var tokensPerSecond: Double { completionDuration.rate(of: completionTokenCount) }
    /// Prefill speed; 0 when there was nothing to do.
    var promptTokensPerSecond: Double { promptDuration.rate(of: promptTokenCount) }
}

extension RunResult {
    init(_ result: GenerationResult) {
        self.init(
            finishReason: result.finishReason,
            promptTokenCount: result.promptTokenCount - result.cachedPromptTokenCount,
            promptDuration: result.promptDuration, completionTokenCount: result.completionTokenCount,
            completionDuration: result.completionDuration, timeToFirstToken: result.timeToFirstToken,
            totalDuration: result.totalDuration)
    }
}

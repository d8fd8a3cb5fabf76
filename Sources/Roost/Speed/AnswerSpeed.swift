import Inference

/// The speed of one answer, as it is kept.
struct AnswerSpeed: Codable, Sendable, Hashable {
    var tokensPerSecond: Double
    var promptTokensPerSecond: Double
    var promptTokenCount: Int
    var completionTokenCount: Int
    /// Tokens that speculation proposed rightly: they come faster than the model computes.
    var acceptedDraftTokenCount: Int
}

extension AnswerSpeed {
    init(_ result: GenerationResult) {
        self.init(
            tokensPerSecond: result.tokensPerSecond, promptTokensPerSecond: result.promptTokensPerSecond,
            promptTokenCount: result.promptTokenCount, completionTokenCount: result.completionTokenCount,
            acceptedDraftTokenCount: result.acceptedDraftTokenCount)
    }
}

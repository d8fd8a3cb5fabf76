import Foundation
import Roost

/// Counts and times at the end of an answer; durations in nanoseconds.
struct OllamaMetrics: Encodable, Sendable {
    let totalDuration: Int64
    let loadDuration: Int64
    let promptEvalCount: Int
    let promptEvalDuration: Int64
    let evalCount: Int
    let evalDuration: Int64

    init(_ result: GenerationResult, of generation: StartedGeneration) {
        totalDuration = (ContinuousClock.now - generation.submitted).nanoseconds
        loadDuration = generation.loadDuration.nanoseconds
        promptEvalCount = result.promptTokenCount
        promptEvalDuration = result.promptDuration.nanoseconds
        evalCount = result.completionTokenCount
        evalDuration = result.completionDuration.nanoseconds
    }

    enum CodingKeys: String, CodingKey {
        case totalDuration = "total_duration"
        case loadDuration = "load_duration"
        case promptEvalCount = "prompt_eval_count"
        case promptEvalDuration = "prompt_eval_duration"
        case evalCount = "eval_count"
        case evalDuration = "eval_duration"
    }
}

extension Duration {
    /// Whole nanoseconds; the largest number when there are more.
    var nanoseconds: Int64 {
        let (product, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ components.attoseconds / 1_000_000_000
    }
}

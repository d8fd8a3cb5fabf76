import Foundation
import NIOCore
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

/// One line of `/api/generate` or `/api/chat`, or the whole answer: the text is in `response` or in `message`.
struct OllamaLine: Encodable, Sendable {
    struct Message: Encodable, Sendable {
        var role = "assistant"
        let content: String
    }

    /// Which of the two endpoints writes it.
    enum Kind: Sendable { case generate, chat }

    let kind: Kind
    let model: String
    var createdAt = Date.now
    var text = ""
    var doneReason: String?
    var metrics: OllamaMetrics?

    enum CodingKeys: String, CodingKey {
        case model, response, message, done
        case createdAt = "created_at"
        case doneReason = "done_reason"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(model, forKey: .model)
        try container.encode(createdAt, forKey: .createdAt)
        switch kind {
        case .generate: try container.encode(text, forKey: .response)
        case .chat: try container.encode(Message(content: text), forKey: .message)
        }
        try container.encode(doneReason != nil, forKey: .done)
        try container.encodeIfPresent(doneReason, forKey: .doneReason)
        try metrics?.encode(to: encoder)
    }
}

/// Newline-delimited JSON of a generation.
struct OllamaFrames: StreamFrames {
    static let contentType = "application/x-ndjson"

    let kind: OllamaLine.Kind
    let generation: StartedGeneration

    func text(_ text: String) throws -> ByteBuffer {
        try WireJSON.frame(OllamaLine(kind: kind, model: generation.job.model, text: text))
    }

    func finished(_ result: GenerationResult) throws -> [ByteBuffer] {
        [try WireJSON.frame(Self.end(result, kind: kind, of: generation, text: ""))]
    }

    func failed(_ error: APIError) throws -> [ByteBuffer] {
        [try WireJSON.frame(OllamaError(error: error.message))]
    }

    /// The last line, or with the text the whole answer.
    static func end(_ result: GenerationResult, kind: OllamaLine.Kind, of generation: StartedGeneration, text: String)
        -> OllamaLine
    {
        OllamaLine(
            kind: kind, model: generation.job.model, text: text, doneReason: result.finishReason.rawValue,
            metrics: OllamaMetrics(result, of: generation))
    }
}

extension Duration {
    /// Whole nanoseconds; the largest number when there are more.
    var nanoseconds: Int64 {
        let (product, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ components.attoseconds / 1_000_000_000
    }
}

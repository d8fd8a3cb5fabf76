import Foundation
import Inference

/// A piece of an answer as engines write it, and a whole one: the forms of OpenAI, llama-server and those like them.
struct AnswerChunk: Decodable, Sendable {
    var choices: [Choice]?
    var usage: Usage?
    var timings: Timings?
    var promptProgress: Progress?
    var error: EngineFault?
    // llama-server's own form, in which `/infill` answers.
    var content: String?
    var stop: Bool?
    var stopType: String?
    var tokensPredicted: Int?
    var tokensEvaluated: Int?

    struct Choice: Decodable, Sendable {
        var index: Int?
        var delta: Message?
        var message: Message?
        var text: String?
        var finishReason: String?
        var logprobs: LogProbabilities?

        enum CodingKeys: String, CodingKey {
            case index, delta, message, text, logprobs
            case finishReason = "finish_reason"
        }
    }

    struct Message: Decodable, Sendable {
        var content: Content?
        var reasoningContent: String?
        var reasoning: String?
        var toolCalls: [Call]?

        enum CodingKeys: String, CodingKey {
            case content, reasoning
            case reasoningContent = "reasoning_content"
            case toolCalls = "tool_calls"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            content = try container.decodeIfPresent(Content.self, forKey: .content)
            reasoningContent = try container.decodeIfPresent(String.self, forKey: .reasoningContent)
            // Some put an object here, of which nothing is needed.
            reasoning = try? container.decodeIfPresent(String.self, forKey: .reasoning)
            toolCalls = try container.decodeIfPresent([Call].self, forKey: .toolCalls)
        }
    }

    /// Text, or parts of it.
    struct Content: Decodable, Sendable {
        var text: String

        private struct Part: Decodable { var text: String? }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
            } else {
                text = try container.decode([Part].self).compactMap(\.text).joined()
            }
        }
    }

    struct Call: Decodable, Sendable {
        struct Function: Decodable, Sendable {
            var name: String?
            var arguments: String?

            private enum CodingKeys: CodingKey { case name, arguments }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                name = try container.decodeIfPresent(String.self, forKey: .name)
                if let text = try? container.decodeIfPresent(String.self, forKey: .arguments) {
                    arguments = text
                } else if let value = try container.decodeIfPresent(WireValue.self, forKey: .arguments) {
                    arguments = try value.text()
                }
            }
        }

        var index: Int?
        var id: String?
        var function: Function?
    }

    /// OpenAI's two forms: of chats, and of completions.
    struct LogProbabilities: Decodable, Sendable {
        struct Token: Decodable, Sendable {
            var id: Int32?
            var token: String?
            var logprob: Double?
            var bytes: [UInt8]?
            var top: [Token]?

            enum CodingKeys: String, CodingKey {
                case id, token, logprob, bytes
                case top = "top_logprobs"
            }
        }

        var content: [Token]?
        var tokens: [String]?
        var tokenLogprobs: [Double?]?
        var topLogprobs: [[String: Double]?]?

        enum CodingKeys: String, CodingKey {
            case content, tokens
            case tokenLogprobs = "token_logprobs"
            case topLogprobs = "top_logprobs"
        }
    }

    struct Usage: Decodable, Sendable {
        struct PromptDetails: Decodable, Sendable {
            var cachedTokens: Int?

            enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
        }

        var promptTokens: Int?
        var completionTokens: Int?
        var details: PromptDetails?

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case details = "prompt_tokens_details"
        }
    }

    /// llama-server's times, in milliseconds.
    struct Timings: Decodable, Sendable {
        var promptMilliseconds: Double?
        var predictedMilliseconds: Double?
        var cachedCount: Int?
        var draftedCount: Int?
        var acceptedCount: Int?

        enum CodingKeys: String, CodingKey {
            case promptMilliseconds = "prompt_ms"
            case predictedMilliseconds = "predicted_ms"
            case cachedCount = "cache_n"
            case draftedCount = "draft_n"
            case acceptedCount = "draft_n_accepted"
        }
    }

    struct Progress: Decodable, Sendable {
        var total: Int?
        var cache: Int?
        var processed: Int?
    }

    enum CodingKeys: String, CodingKey {
        case choices, usage, timings, error, content, stop
        case promptProgress = "prompt_progress"
        case stopType = "stop_type"
        case tokensPredicted = "tokens_predicted"
        case tokensEvaluated = "tokens_evaluated"
    }
}

extension AnswerChunk.LogProbabilities {
    /// The tokens with their rivals. Ids that are not told are −1.
    var tokenProbabilities: [TokenLogProbability] {
        if let content {
            return content.map { token in
                TokenLogProbability(chosen: token.candidate, top: (token.top ?? []).map(\.candidate))
            }
        }
        return (tokens ?? []).enumerated().map { index, token in
            let value = tokenLogprobs.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            let top = topLogprobs.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? [:]
            return TokenLogProbability(
                chosen: .init(token: -1, bytes: Array(token.utf8), logProbability: Float(value ?? -9999)),
                top: top.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
                    .init(token: -1, bytes: Array($0.key.utf8), logProbability: Float($0.value))
                })
        }
    }
}

extension AnswerChunk.LogProbabilities.Token {
    fileprivate var candidate: TokenLogProbability.Candidate {
        .init(
            token: id ?? -1, bytes: bytes ?? Array((token ?? "").utf8), logProbability: Float(logprob ?? -9999))
    }
}

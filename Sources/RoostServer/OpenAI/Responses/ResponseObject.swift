import Roost

/// A response: what `/v1/responses` answers, and what its events carry.
struct ResponseObject: Encodable, Sendable {
    enum Status: String, Encodable, Sendable {
        case inProgress = "in_progress"
        case completed, incomplete, failed
    }

    struct Failure: Encodable, Sendable {
        let code: String
        let message: String
    }

    struct Incompleteness: Encodable, Sendable {
        var reason = "max_output_tokens"
    }

    struct Usage: Encodable, Sendable {
        struct InputDetails: Encodable, Sendable {
            let cachedTokens: Int
            /// What is kept of a prompt costs nothing here, and is not told apart.
            var cacheWriteTokens = 0

            enum CodingKeys: String, CodingKey {
                case cachedTokens = "cached_tokens"
                case cacheWriteTokens = "cache_write_tokens"
            }
        }

        struct OutputDetails: Encodable, Sendable {
            let reasoningTokens: Int

            enum CodingKeys: String, CodingKey {
                case reasoningTokens = "reasoning_tokens"
            }
        }

        let inputTokens: Int
        let inputDetails: InputDetails
        let outputTokens: Int
        let outputDetails: OutputDetails
        let totalTokens: Int

        init(_ result: GenerationResult) {
            inputTokens = result.promptTokenCount
            inputDetails = InputDetails(cachedTokens: result.cachedPromptTokenCount)
            outputTokens = result.completionTokenCount
            outputDetails = OutputDetails(reasoningTokens: result.reasoningTokenCount)
            totalTokens = inputTokens + outputTokens
        }

        enum CodingKeys: String, CodingKey {
            case inputTokens = "input_tokens"
            case inputDetails = "input_tokens_details"
            case outputTokens = "output_tokens"
            case outputDetails = "output_tokens_details"
            case totalTokens = "total_tokens"
        }
    }

    let id: String
    let model: String
    let createdAt: Int
    let settings: ResponseSettings
    var status = Status.inProgress
    var completedAt: Int?
    var error: Failure?
    var output: [ResponseItem] = []
    var usage: Usage?

    enum CodingKeys: String, CodingKey {
        case id, object, model, status, error, output, usage, background
        case createdAt = "created_at"
        case completedAt = "completed_at"
        case incompleteDetails = "incomplete_details"
        case serviceTier = "service_tier"
    }

    func encode(to encoder: any Encoder) throws {
        try settings.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("response", forKey: .object)
        try container.encode(model, forKey: .model)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(status, forKey: .status)
        try container.encode(Nullable(completedAt), forKey: .completedAt)
        try container.encode(Nullable(error), forKey: .error)
        try container.encode(
            Nullable(status == .incomplete ? Incompleteness() : nil), forKey: .incompleteDetails)
        try container.encode(output, forKey: .output)
        try container.encode(Nullable(usage), forKey: .usage)
        try container.encode(false, forKey: .background)
        try container.encode("default", forKey: .serviceTier)
    }
}

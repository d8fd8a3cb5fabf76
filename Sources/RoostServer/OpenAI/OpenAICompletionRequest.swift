import Roost

/// `POST /v1/completions`.
struct OpenAICompletionRequest: Decodable, Sendable {
    let sampling: OpenAISampling
    var prompt: WireTexts?
    var suffix: String?
    var echo: Bool?
    var bestOf: Int?
    var logprobs: Int?

    enum CodingKeys: String, CodingKey {
        case prompt, suffix, echo, logprobs
        case bestOf = "best_of"
    }

    /// What the model is given, prompt by prompt; with a suffix the gap before it. Throws `APIError.invalidRequest`.
    func enginePrompts() throws -> [GenerationRequest.Prompt] {
        guard let prompts = prompt?.prompts else {
            throw APIError.invalidRequest("prompt is required.", parameter: "prompt")
        }
        // What n must be is said where it is taken; here it must not overflow.
        let count = prompts.count * min(max(1, sampling.n ?? 1), Self.maximumChoiceCount + 1)
        guard (1...Self.maximumChoiceCount).contains(count) else {
            throw APIError.invalidRequest(
                "prompt asks for \(count) answers, but must ask for 1 to \(Self.maximumChoiceCount).",
                parameter: "prompt")
        }
        guard let suffix, !suffix.isEmpty else { return prompts }
        return try prompts.map { prompt in
            guard case .text(let prefix, _) = prompt else {
                throw APIError.invalidRequest("suffix goes with a prompt of text.", parameter: "suffix")
            }
            return .infill(InfillPrompt(prefix: prefix, suffix: suffix))
        }
    }

    /// Most answers to one request, all prompts together.
    static let maximumChoiceCount = 128

    /// What is written before the answers to each prompt. Throws `APIError.invalidRequest`.
    func echoedTexts() throws -> [String] {
        guard echo ?? false else { return [] }
        guard logprobs == nil else {
            throw APIError.invalidRequest("echo does not go with logprobs.", parameter: "echo")
        }
        return try enginePrompts().map { prompt in
            guard case .text(let text, _) = prompt else {
                throw APIError.invalidRequest("echo goes with a prompt of text alone.", parameter: "echo")
            }
            return text
        }
    }

    init(from decoder: any Decoder) throws {
        sampling = try OpenAISampling(request: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        prompt = try container.decodeIfPresent(WireTexts.self, forKey: .prompt)
        suffix = try container.decodeIfPresent(String.self, forKey: .suffix)
        echo = try container.decodeIfPresent(Bool.self, forKey: .echo)
        bestOf = try container.decodeIfPresent(Int.self, forKey: .bestOf)
        logprobs = try container.decodeIfPresent(Int.self, forKey: .logprobs)
    }
}

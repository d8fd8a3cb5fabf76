import Roost

/// `POST /v1/completions`.
struct OpenAICompletionRequest: Decodable, Sendable {
    let sampling: OpenAISampling
    var prompt: Prompt?
    var suffix: String?
    var echo: Bool?
    var bestOf: Int?
    var logprobs: Int?

    /// A text, token ids, or several of either.
    enum Prompt: Decodable, Sendable {
        case text(String)
        case tokens([Int32])
        case texts([String])
        case tokenLists([[Int32]])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let texts = try? container.decode([String].self) {
                self = .texts(texts)
            } else if let tokens = try? container.decode([Int32].self) {
                self = .tokens(tokens)
            } else if let lists = try? container.decode([[Int32]].self) {
                self = .tokenLists(lists)
            } else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "it must be a string, an array of strings, or token ids")
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case prompt, suffix, echo, logprobs
        case bestOf = "best_of"
    }

    /// What the model is given, prompt by prompt; with a suffix the gap before it. Throws `APIError.invalidRequest`.
    func enginePrompts() throws -> [GenerationRequest.Prompt] {
        let prompts: [GenerationRequest.Prompt]
        switch prompt {
        case .text(let text): prompts = [.text(text, addSpecial: true)]
        case .tokens(let tokens): prompts = [.tokens(tokens)]
        case .texts(let texts): prompts = texts.map { .text($0, addSpecial: true) }
        case .tokenLists(let lists): prompts = lists.map { .tokens($0) }
        case nil: throw APIError.invalidRequest("prompt is required.", parameter: "prompt")
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
        sampling = try OpenAISampling(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        prompt = try container.decodeIfPresent(Prompt.self, forKey: .prompt)
        suffix = try container.decodeIfPresent(String.self, forKey: .suffix)
        echo = try container.decodeIfPresent(Bool.self, forKey: .echo)
        bestOf = try container.decodeIfPresent(Int.self, forKey: .bestOf)
        logprobs = try container.decodeIfPresent(Int.self, forKey: .logprobs)
    }
}

import Roost

/// `POST /v1/completions`.
struct OpenAICompletionRequest: Decodable, Sendable {
    let sampling: OpenAISampling
    var prompt: Prompt?
    var suffix: String?
    var echo: Bool?
    var bestOf: Int?
    var logprobs: Int?

    /// A text, token ids, or an array of one of either.
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
                    in: container, debugDescription: "it must be a string, an array of one string, or token ids")
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case prompt, suffix, echo, logprobs
        case bestOf = "best_of"
    }

    /// What the model is given; with a suffix the gap before it. Throws `APIError.invalidRequest`.
    func enginePrompt() throws -> GenerationRequest.Prompt {
        let given: GenerationRequest.Prompt
        switch prompt {
        case .text(let text): given = .text(text, addSpecial: true)
        case .tokens(let tokens): given = .tokens(tokens)
        case .texts(let texts) where texts.count == 1: given = .text(texts[0], addSpecial: true)
        case .tokenLists(let lists) where lists.count == 1: given = .tokens(lists[0])
        case .texts(let prompts): throw tooMany(prompts.count)
        case .tokenLists(let prompts): throw tooMany(prompts.count)
        case nil: throw APIError.invalidRequest("prompt is required.", parameter: "prompt")
        }
        guard let suffix, !suffix.isEmpty else { return given }
        guard case .text(let prefix, _) = given else {
            throw APIError.invalidRequest("suffix goes with a prompt of text.", parameter: "suffix")
        }
        return .infill(InfillPrompt(prefix: prefix, suffix: suffix))
    }

    /// What is written before each answer. Throws `APIError.invalidRequest`.
    func echoedText() throws -> String {
        guard echo ?? false else { return "" }
        guard logprobs == nil else {
            throw APIError.invalidRequest("echo does not go with logprobs.", parameter: "echo")
        }
        guard case .text(let text, _) = try enginePrompt() else {
            throw APIError.invalidRequest("echo goes with a prompt of text alone.", parameter: "echo")
        }
        return text
    }

    private func tooMany(_ count: Int) -> APIError {
        .invalidRequest("prompt has \(count) prompts, but must have one.", parameter: "prompt")
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

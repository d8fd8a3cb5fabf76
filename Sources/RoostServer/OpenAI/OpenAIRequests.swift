import Roost

/// What `/v1/chat/completions` and `/v1/completions` have in common.
struct OpenAISampling: Decodable, Sendable {
    var model: String?
    var stream: Bool?
    var streamOptions: StreamOptions?
    var maxTokens: Int?
    var maxCompletionTokens: Int?
    var temperature: Float?
    var topP: Float?
    var presencePenalty: Float?
    var frequencyPenalty: Float?
    var logitBias: [String: Float]?
    var seed: Int?
    var stop: StopStrings?
    var n: Int?
    // Not OpenAI's, but what llama-server and vLLM take besides.
    var topK: Int?
    var minP: Float?
    var repeatPenalty: Float?

    struct StreamOptions: Decodable, Sendable {
        var includeUsage: Bool?

        enum CodingKeys: String, CodingKey {
            case includeUsage = "include_usage"
        }
    }

    enum CodingKeys: String, CodingKey {
        case model, stream, temperature, seed, stop, n
        case streamOptions = "stream_options"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case topP = "top_p"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case logitBias = "logit_bias"
        case topK = "top_k"
        case minP = "min_p"
        case repeatPenalty = "repeat_penalty"
    }

    /// Whether a last chunk with the counts was asked for.
    var includesUsage: Bool { streamOptions?.includeUsage ?? false }

    /// Throws `APIError.invalidRequest` when no model is named.
    func requiredModel() throws -> String {
        guard let model, !model.isEmpty else {
            throw APIError.invalidRequest("you must provide a model parameter", parameter: "model")
        }
        return model
    }

    /// Sampling with OpenAI's defaults: temperature 1, top-p 1, no penalties.
    ///
    /// Throws `APIError.invalidRequest` for what is out of range or not supported.
    func generationOptions() throws -> GenerationOptions {
        if let n, n != 1 { throw APIError.invalidRequest("n is \(n), but must be 1.", parameter: "n") }
        var options = GenerationOptions()
        options.temperature = temperature ?? 1
        options.topP = topP ?? 1
        options.minP = minP ?? 0
        if let topK { options.topK = topK }
        if let repeatPenalty { options.repeatPenalty = repeatPenalty }
        if let presencePenalty { options.presencePenalty = presencePenalty }
        if let frequencyPenalty { options.frequencyPenalty = frequencyPenalty }
        if let seed { options.seed = UInt32(truncatingIfNeeded: seed) }
        if let stop { options.stop = stop.strings.filter { !$0.isEmpty } }
        if let limit = maxCompletionTokens ?? maxTokens {
            let name = maxCompletionTokens == nil ? "max_tokens" : "max_completion_tokens"
            guard limit > 0 else {
                throw APIError.invalidRequest("\(name) is \(limit), but must be at least 1.", parameter: name)
            }
            options.maxTokens = limit
        }
        options.logitBias = try bias()
        return options
    }

    /// −100 forbids a token, as OpenAI says it should.
    private func bias() throws -> [Int32: Float] {
        var result: [Int32: Float] = [:]
        for (key, value) in logitBias ?? [:] {
            guard let token = Int32(key), token >= 0 else {
                throw APIError.invalidRequest(
                    "logit_bias has the key “\(key.prefix(40))”, but keys must be token ids.", parameter: "logit_bias")
            }
            guard (-100...100).contains(value) else {
                throw APIError.invalidRequest(
                    "logit_bias of token \(token) is \(value), but must be −100 to 100.", parameter: "logit_bias")
            }
            result[token] = value == -100 ? -.infinity : value
        }
        return result
    }
}

/// `POST /v1/chat/completions`.
struct OpenAIChatRequest: Decodable, Sendable {
    let sampling: OpenAISampling
    var messages: [Message]?
    var tools: JSONValue?
    var functions: JSONValue?
    var responseFormat: ResponseFormat?
    var logprobs: Bool?

    struct Message: Decodable, Sendable {
        var role: String
        var content: OpenAIContent?
    }

    struct ResponseFormat: Decodable, Sendable {
        var type: String
    }

    enum CodingKeys: String, CodingKey {
        case messages, tools, functions, logprobs
        case responseFormat = "response_format"
    }

    init(from decoder: any Decoder) throws {
        sampling = try OpenAISampling(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        messages = try container.decodeIfPresent([Message].self, forKey: .messages)
        tools = try container.decodeIfPresent(JSONValue.self, forKey: .tools)
        functions = try container.decodeIfPresent(JSONValue.self, forKey: .functions)
        responseFormat = try container.decodeIfPresent(ResponseFormat.self, forKey: .responseFormat)
        logprobs = try container.decodeIfPresent(Bool.self, forKey: .logprobs)
    }
}

/// A message's content: text, or parts.
enum OpenAIContent: Decodable, Sendable {
    case text(String)
    case parts([Part])

    struct Part: Decodable, Sendable {
        var type: String
        var text: String?
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .parts(try container.decode([Part].self))
        }
    }
}

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

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
    /// llama-server's: goes on past the model's end (benchmarks).
    var ignoresEnd: Bool?
    var stop: StopStrings?
    var n: Int?
    // Not OpenAI's, but what llama-server and vLLM take besides.
    var topK: Int?
    var minP: Float?
    var repeatPenalty: Float?
    var cachePrompt: Bool?

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
        case ignoresEnd = "ignore_eos"
        case frequencyPenalty = "frequency_penalty"
        case logitBias = "logit_bias"
        case topK = "top_k"
        case minP = "min_p"
        case repeatPenalty = "repeat_penalty"
        case cachePrompt = "cache_prompt"
    }

    /// Whether a last chunk with the counts was asked for.
    var includesUsage: Bool { streamOptions?.includeUsage ?? false }

    /// Throws `APIError.invalidRequest` when no model is named.
    func requiredModel() throws -> String { try OpenAIFields.model(model) }

    /// Sampling with OpenAI's defaults: temperature 1, top-p 1, no penalties.
    ///
    /// Throws `APIError.invalidRequest` for what is out of range or not supported.
    func generationOptions() throws -> GenerationOptions {
        var options = GenerationOptions()
        options.temperature = temperature ?? 1
        options.topP = topP ?? 1
        options.minP = minP ?? 0
        if let topK { options.topK = topK }
        if let repeatPenalty { options.repeatPenalty = repeatPenalty }
        if let presencePenalty { options.presencePenalty = presencePenalty }
        if let frequencyPenalty { options.frequencyPenalty = frequencyPenalty }
        if let ignoresEnd { options.ignoreEndOfGeneration = ignoresEnd }
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

    /// What is asked of the engine: `prompt` with these options, `n` times. Throws `APIError.invalidRequest`.
    func request(_ prompt: GenerationRequest.Prompt, _ options: GenerationOptions) throws -> GenerationRequest {
        var request = GenerationRequest(prompt, options: options)
        if let n {
            guard (1...128).contains(n) else {
                throw APIError.invalidRequest("n is \(n), but must be 1 to 128.", parameter: "n")
            }
            request.choiceCount = n
        }
        request.usesPrefixCache = cachePrompt ?? true
        return request
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

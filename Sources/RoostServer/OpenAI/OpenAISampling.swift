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
    /// llama-server's options, which its clients send here too.
    var llama = LlamaServerOptions()

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

    /// Most tokens of an answer and the field that says so; −1 is no limit.
    var tokenLimit: (name: String, count: Int)? {
        if let maxCompletionTokens { return ("max_completion_tokens", maxCompletionTokens) }
        if let maxTokens { return ("max_tokens", maxTokens) }
        return llama.predictedCount.map { ("n_predict", $0) }
    }

    /// Sampling with OpenAI's defaults: temperature 1, nothing cut, no penalties.
    ///
    /// Throws `APIError.invalidRequest` for what is out of range or not supported.
    func generationOptions() throws -> GenerationOptions {
        var options = GenerationOptions()
        options.temperature = temperature ?? 1
        options.topP = topP ?? 1
        options.minP = minP ?? 0
        // −1 keeps all tokens, as 0 does.
        options.topK = max(0, topK ?? 0)
        if let repeatPenalty { options.repeatPenalty = repeatPenalty }
        if let presencePenalty { options.presencePenalty = presencePenalty }
        if let frequencyPenalty { options.frequencyPenalty = frequencyPenalty }
        if let ignoresEnd { options.ignoreEndOfGeneration = ignoresEnd }
        if let seed { options.seed = UInt32(truncatingIfNeeded: seed) }
        if let stop { options.stop = stop.strings.filter { !$0.isEmpty } }
        if let (name, limit) = tokenLimit {
            guard limit > 0 || limit == -1 else {
                throw APIError.invalidRequest("\(name) is \(limit), but must be at least 1.", parameter: name)
            }
            options.maxTokens = limit > 0 ? limit : nil
        }
        llama.applySamplers(to: &options)
        options.logitBias = try bias()
        return options
    }

    /// Sets the form that llama-server's fields ask for. Throws `APIError.invalidRequest` when there is another one.
    func applyForm(to options: inout GenerationOptions) throws {
        guard let form = try llama.form() else { return }
        guard options.format == .text else {
            let name = if case .grammar = form { "grammar" } else { "json_schema" }
            throw APIError.invalidRequest(
                "\(name) does not go with response_format: leave one of them out.", parameter: name)
        }
        options.format = form
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

extension OpenAISampling {
    /// All of a request's options: OpenAI's, and llama-server's beside them.
    init(request decoder: any Decoder) throws {
        self = try OpenAISampling(from: decoder)
        llama = try LlamaServerOptions(from: decoder)
    }
}

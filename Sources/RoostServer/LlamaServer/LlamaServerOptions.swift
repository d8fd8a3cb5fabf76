import Roost

/// The options of llama-server's own completions, by its names; what is missing has its defaults.
struct LlamaServerOptions: Decodable, Sendable {
    /// Tokens, or texts, and what is added to their logits; `false` forbids them.
    enum Bias: Decodable, Sendable {
        case pairs([[JSONValue]])
        case fields([String: JSONValue])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let pairs = try? container.decode([[JSONValue]].self) {
                self = .pairs(pairs)
            } else {
                self = .fields(try container.decode([String: JSONValue].self))
            }
        }
    }

    var temperature: Float?
    var topK: Int?
    var topP: Float?
    var minP: Float?
    var typicalP: Float?
    var xtcProbability: Float?
    var xtcThreshold: Float?
    var dynamicTemperatureRange: Float?
    var dynamicTemperatureExponent: Float?
    var repeatLastN: Int?
    var repeatPenalty: Float?
    var presencePenalty: Float?
    var frequencyPenalty: Float?
    var dryMultiplier: Float?
    var dryBase: Float?
    var dryAllowedLength: Int?
    var dryPenaltyLastN: Int?
    var drySequenceBreakers: [String]?
    var mirostat: Int?
    var mirostatTau: Float?
    var mirostatEta: Float?
    var seed: Int64?
    var predictedCount: Int?
    var maxTokens: Int?
    var keptCount: Int?
    var probabilityCount: Int?
    var ignoresEnd: Bool?
    var stop: StopStrings?
    var bias: Bias?
    var grammar: String?
    var schema: JSONText?
    var cachesPrompt: Bool?
    var returnsTokens: Bool?

    enum CodingKeys: String, CodingKey {
        case temperature, seed, stop, grammar, mirostat
        case topK = "top_k"
        case topP = "top_p"
        case minP = "min_p"
        case typicalP = "typical_p"
        case xtcProbability = "xtc_probability"
        case xtcThreshold = "xtc_threshold"
        case dynamicTemperatureRange = "dynatemp_range"
        case dynamicTemperatureExponent = "dynatemp_exponent"
        case repeatLastN = "repeat_last_n"
        case repeatPenalty = "repeat_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case dryMultiplier = "dry_multiplier"
        case dryBase = "dry_base"
        case dryAllowedLength = "dry_allowed_length"
        case dryPenaltyLastN = "dry_penalty_last_n"
        case drySequenceBreakers = "dry_sequence_breakers"
        case mirostatTau = "mirostat_tau"
        case mirostatEta = "mirostat_eta"
        case predictedCount = "n_predict"
        case maxTokens = "max_tokens"
        case keptCount = "n_keep"
        case probabilityCount = "n_probs"
        case ignoresEnd = "ignore_eos"
        case bias = "logit_bias"
        case schema = "json_schema"
        case cachesPrompt = "cache_prompt"
        case returnsTokens = "return_tokens"
    }

    /// What is asked of the engine. Throws `APIError.invalidRequest` that names the field.
    func generationOptions() throws -> GenerationOptions {
        var options = GenerationOptions()
        options.set(temperature, \.temperature)
        // −1 keeps all tokens, as 0 does.
        options.set(topK.map { max(0, $0) }, \.topK)
        options.set(topP, \.topP)
        options.set(minP, \.minP)
        options.set(repeatPenalty, \.repeatPenalty)
        options.set(presencePenalty, \.presencePenalty)
        options.set(frequencyPenalty, \.frequencyPenalty)
        options.set(ignoresEnd, \.ignoreEndOfGeneration)
        applySamplers(to: &options)
        // −1 draws one.
        if let seed, seed >= 0 { options.seed = UInt32(truncatingIfNeeded: seed) }
        // −1 goes on until the end.
        if let limit = predictedCount ?? maxTokens, limit >= 0 { options.maxTokens = limit }
        options.stop = (stop?.strings ?? []).filter { !$0.isEmpty }
        if let count = probabilityCount, count > 0 {
            options.topLogProbabilityCount = try WireLogProbability.checked(count, field: "n_probs")
        }
        if let form = try form() { options.format = form }
        return options
    }

    /// Sets what OpenAI's API has no fields for.
    func applySamplers(to options: inout GenerationOptions) {
        options.set(typicalP, \.typicalP)
        options.set(xtcProbability, \.xtcProbability)
        options.set(xtcThreshold, \.xtcThreshold)
        options.set(dynamicTemperatureRange, \.dynamicTemperatureRange)
        options.set(dynamicTemperatureExponent, \.dynamicTemperatureExponent)
        options.set(repeatLastN, \.penaltyLastN)
        options.set(dryMultiplier, \.dryMultiplier)
        options.set(dryBase, \.dryBase)
        options.set(dryAllowedLength, \.dryAllowedLength)
        options.set(dryPenaltyLastN, \.dryPenaltyLastN)
        options.set(drySequenceBreakers, \.drySequenceBreakers)
        options.set(mirostat, \.mirostat)
        options.set(mirostatTau, \.mirostatTau)
        options.set(mirostatEta, \.mirostatEta)
        options.set(keptCount, \.keptTokenCount)
    }

    /// The form that is asked for, if one is. Throws `APIError.invalidRequest` that names the field.
    func form() throws -> OutputFormat? {
        let grammar = grammar.flatMap { $0.isEmpty ? nil : OutputFormat.grammar($0) }
        guard let schema, !schema.isNull else { return grammar }
        guard schema.isObject else {
            throw APIError.invalidRequest("json_schema must be an object.", parameter: "json_schema")
        }
        guard grammar == nil else {
            throw APIError.invalidRequest(
                "json_schema does not go with grammar: leave one of them out.", parameter: "json_schema")
        }
        return .jsonSchema(schema.text)
    }

    /// What is added to the logits of tokens; a text stands for each of its tokens.
    ///
    /// Throws `APIError.invalidRequest`.
    func biases(on model: any RunningModel) async throws -> [Int32: Float] {
        let pairs: [(JSONValue, JSONValue)]
        switch bias {
        case nil: return [:]
        case .pairs(let given):
            pairs = try given.map { pair in
                guard pair.count == 2 else {
                    throw APIError.invalidRequest(
                        "logit_bias must have pairs of a token and a number.", parameter: "logit_bias")
                }
                return (pair[0], pair[1])
            }
        case .fields(let given):
            pairs = given.map { name, value in (Int64(name).map { .integer($0) } ?? .string(name), value) }
        }
        var result: [Int32: Float] = [:]
        for (key, value) in pairs {
            let amount: Float
            switch value {
            case .bool(false): amount = -.infinity
            case .integer(let number): amount = Float(number)
            case .number(let number): amount = Float(number)
            default:
                throw APIError.invalidRequest(
                    "logit_bias must add numbers, or false to forbid a token.", parameter: "logit_bias")
            }
            switch key {
            case .integer(let token):
                guard let token = Int32(exactly: token), model.info.mayHave(token: token) else {
                    throw APIError.invalidRequest(
                        "logit_bias names the token \(token), which the vocabulary does not have.",
                        parameter: "logit_bias")
                }
                result[token] = amount
            case .string(let text):
                for token in try await model.tokenize(text, addSpecial: false, parseSpecial: false) {
                    result[token] = amount
                }
            default:
                throw APIError.invalidRequest(
                    "logit_bias must name tokens by their ids or texts.", parameter: "logit_bias")
            }
        }
        return result
    }
}

extension GenerationOptions {
    /// Sets what a request gives.
    fileprivate mutating func set<Value>(_ value: Value?, _ path: WritableKeyPath<GenerationOptions, Value>) {
        if let value { self[keyPath: path] = value }
    }
}

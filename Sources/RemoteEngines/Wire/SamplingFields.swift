import Inference

/// How tokens are chosen, in the fields that an engine knows. What has its neutral value is left out.
struct SamplingFields: Sendable {
    let options: GenerationOptions
    let endpoint: RequestBody.Call.Endpoint
    let abilities: EngineAbilities
    let engine: String

    /// - Throws: `InferenceError.invalidSchema`, ``RemoteEngineError/unsupported(engine:what:advice:)``.
    func put(into body: inout JSONWriter) throws {
        body.put("temperature", options.temperature)
        body.put("top_p", options.topP)
        if abilities.hasTopK {
            // vLLM writes “all tokens” as −1 and takes 0 for the same; llama.cpp has 0.
            body.put("top_k", options.topK)
            body.put("min_p", options.minP)
            if options.repeatPenalty != 1 { body.put(abilities.repeatPenaltyName, options.repeatPenalty) }
        }
        if options.presencePenalty != 0 { body.put("presence_penalty", options.presencePenalty) }
        if options.frequencyPenalty != 0 { body.put("frequency_penalty", options.frequencyPenalty) }
        if let seed = options.seed { body.put("seed", Int(seed)) }
        if !options.stop.isEmpty { body.put("stop", options.stop) }
        body.put(endpoint == .infill ? "n_predict" : "max_tokens", options.maxTokens)
        if !options.logitBias.isEmpty {
            var bias = JSONWriter()
            // OpenAI's scale ends at 100 each way, where it means never and always.
            for (token, value) in options.logitBias.sorted(by: { $0.key < $1.key }) {
                bias.put("\(token)", min(max(value, -100), 100))
            }
            body.put("logit_bias", bias)
        }
        putProbabilities(&body)
        if abilities.hasLlamaOptions || abilities.repeatPenaltyName == "repetition_penalty" {
            if options.ignoreEndOfGeneration { body.put("ignore_eos", true) }
        }
        if abilities.hasLlamaOptions { putLlamaOptions(&body) }
        try putFormat(&body)
    }

    private func putProbabilities(_ body: inout JSONWriter) {
        guard let count = options.topLogProbabilityCount else { return }
        switch endpoint {
        case .chat:
            body.put("logprobs", true)
            if count > 0 { body.put("top_logprobs", count) }
        case .completions: body.put("logprobs", count)
        case .infill: body.put("n_probs", max(count, 1))
        }
    }

    /// llama.cpp's names, for what is not as it has it by itself.
    private func putLlamaOptions(_ body: inout JSONWriter) {
        let standard = GenerationOptions()
        func put<Value: Equatable>(
            _ path: KeyPath<GenerationOptions, Value>, _ write: (Value, inout JSONWriter) -> Void
        ) {
            let value = options[keyPath: path]
            if value != standard[keyPath: path] { write(value, &body) }
        }
        put(\.typicalP) { $1.put("typical_p", $0) }
        put(\.xtcProbability) { $1.put("xtc_probability", $0) }
        put(\.xtcThreshold) { $1.put("xtc_threshold", $0) }
        put(\.dynamicTemperatureRange) { $1.put("dynatemp_range", $0) }
        put(\.dynamicTemperatureExponent) { $1.put("dynatemp_exponent", $0) }
        put(\.penaltyLastN) { $1.put("repeat_last_n", $0) }
        put(\.dryMultiplier) { $1.put("dry_multiplier", $0) }
        put(\.dryBase) { $1.put("dry_base", $0) }
        put(\.dryAllowedLength) { $1.put("dry_allowed_length", $0) }
        put(\.dryPenaltyLastN) { $1.put("dry_penalty_last_n", $0) }
        put(\.drySequenceBreakers) { $1.put("dry_sequence_breakers", $0) }
        put(\.mirostat) { $1.put("mirostat", $0) }
        put(\.mirostatTau) { $1.put("mirostat_tau", $0) }
        put(\.mirostatEta) { $1.put("mirostat_eta", $0) }
        put(\.keptTokenCount) { $1.put("n_keep", $0) }
    }

    private func putFormat(_ body: inout JSONWriter) throws {
        switch options.format {
        case .text: break
        case .json where endpoint == .chat: body.put("response_format", raw: #"{"type":"json_object"}"#)
        case .jsonSchema(let schema) where endpoint == .chat:
            body.put(
                "response_format",
                raw: #"{"type":"json_schema","json_schema":{"name":"answer","schema":\#(try checked(schema))}}"#)
        case .json, .jsonSchema:
            // Completions have no field of OpenAI's for it.
            guard abilities.hasLlamaOptions else {
                throw RemoteEngineError.unsupported(
                    engine: engine, what: "JSON form for plain completions", advice: "send a conversation instead")
            }
            if case .jsonSchema(let schema) = options.format {
                body.put("json_schema", raw: try checked(schema))
            } else {
                body.put("json_schema", raw: #"{"type":"object"}"#)
            }
        case .grammar(let grammar):
            guard abilities.hasLlamaOptions else {
                throw RemoteEngineError.unsupported(
                    engine: engine, what: "grammars in GBNF", advice: "give a JSON schema instead")
            }
            body.put("grammar", grammar)
        }
    }

    private func checked(_ schema: String) throws -> String {
        guard JSONWriter.isJSON(schema) else { throw InferenceError.invalidSchema(reason: "it is not JSON") }
        return schema
    }
}

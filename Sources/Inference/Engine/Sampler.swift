import LlamaBridge

/// Chooses tokens by one request's options. Lives on the engine's thread.
struct Sampler: ~Copyable {
    private let pointer: OpaquePointer
    let seed: UInt32

    /// Throws `InferenceError.invalidGrammar`.
    init(_ options: GenerationOptions, grammar: GrammarRule?, model: ModelHandle, contextLength: Int) throws {
        let seed = options.seed ?? UInt32.random(in: 0..<UInt32.max)
        self.seed = seed
        var parameters = roost_sampling()
        parameters.temperature = options.temperature
        parameters.top_k = Int32(clamping: options.topK)
        parameters.top_p = options.topP
        parameters.min_p = options.minP
        parameters.typical_p = options.typicalP
        parameters.xtc_probability = options.xtcProbability
        parameters.xtc_threshold = options.xtcThreshold
        parameters.dynatemp_range = options.dynamicTemperatureRange
        parameters.dynatemp_exponent = options.dynamicTemperatureExponent
        let wholeContext = { (count: Int) in Int32(clamping: count < 0 ? contextLength : count) }
        parameters.penalty_last_n = wholeContext(options.penaltyLastN)
        parameters.penalty_repeat = options.repeatPenalty
        parameters.penalty_freq = options.frequencyPenalty
        parameters.penalty_present = options.presencePenalty
        parameters.dry_multiplier = options.dryMultiplier
        parameters.dry_base = options.dryBase
        parameters.dry_allowed_length = Int32(clamping: options.dryAllowedLength)
        parameters.dry_penalty_last_n = wholeContext(options.dryPenaltyLastN)
        parameters.mirostat = Int32(clamping: options.mirostat)
        parameters.mirostat_tau = options.mirostatTau
        parameters.mirostat_eta = options.mirostatEta
        parameters.seed = seed
        parameters.ignore_eog = options.ignoreEndOfGeneration
        let biasedTokens = Array(options.logitBias.keys)
        let biases = Array(options.logitBias.values)
        let grammarSampler = try grammar?.makeSampler(for: model)

        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        let created = withCStrings(options.drySequenceBreakers) { breakers in
            withUnsafeBuffers(biasedTokens, biases) { biasedTokens, biases in
                parameters.dry_breakers = breakers.baseAddress
                parameters.dry_breaker_count = breakers.count
                parameters.biased_tokens = biasedTokens.baseAddress
                parameters.biases = biases.baseAddress
                parameters.bias_count = biases.count
                return roost_sampler_create(model.vocabulary, &parameters, grammarSampler, &error)
            }
        }
        guard let created else {
            throw InferenceError.invalidGrammar(reason: error.map { String(cString: $0) } ?? "it does not parse")
        }
        pointer = created
    }

    deinit { roost_sampler_free(pointer) }

    /// Tells the penalties what the prompt says.
    func accept(prompt: [Int32]) { for token in prompt { roost_sampler_accept_prompt(pointer, token) } }

    /// The next token, by the logits of what `context` decoded last.
    func next(_ context: OpaquePointer) throws -> Int32 {
        var error: UnsafeMutablePointer<CChar>?
        let token = roost_sampler_next(pointer, context, &error)
        defer { roost_free(error) }
        guard token >= 0 else {
            throw InferenceError.decodeFailed(
                code: Int(token), reason: error.map { String(cString: $0) } ?? "no token could be chosen")
        }
        return token
    }
}

private func withUnsafeBuffers<A, B, R>(
    _ first: [A], _ second: [B], _ body: (UnsafeBufferPointer<A>, UnsafeBufferPointer<B>) -> R
) -> R {
    first.withUnsafeBufferPointer { first in second.withUnsafeBufferPointer { second in body(first, second) } }
}

/// `texts` as an array of C strings, valid while `body` runs.
private func withCStrings<R>(
    _ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> R
) -> R {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for text in texts {
        offsets.append(bytes.count)
        bytes.append(contentsOf: text.utf8CString)
    }
    return bytes.withUnsafeBufferPointer { bytes in
        let pointers = offsets.map { offset in bytes.baseAddress.map { $0 + offset } }
        return pointers.withUnsafeBufferPointer(body)
    }
}

import LlamaBridge

/// Chooses the tokens of one answer by its request's options. Made off the engine's thread and used on it.
final class Sampler: @unchecked Sendable {  // why sound: one thread at a time has it: who makes it hands it on
    private let pointer: OpaquePointer
    let seed: UInt32

    /// Throws `InferenceError.invalidGrammar`.
    init(
        _ options: GenerationOptions, seed: UInt32, grammar: GrammarSampler?, model: ModelHandle, contextLength: Int
    ) throws {
        self.seed = seed
        var parameters = options.samplingParameters(contextLength: contextLength)
        parameters.seed = seed
        let biasedTokens = Array(options.logitBias.keys)
        let biases = Array(options.logitBias.values)
        let grammar = try grammar?.copy()

        var error: UnsafeMutablePointer<CChar>?
        defer { roost_free(error) }
        let created = withCStrings(options.drySequenceBreakers) { breakers in
            withUnsafeBuffers(biasedTokens, biases) { biasedTokens, biases in
                parameters.dry_breakers = breakers.baseAddress
                parameters.dry_breaker_count = breakers.count
                parameters.biased_tokens = biasedTokens.baseAddress
                parameters.biases = biases.baseAddress
                parameters.bias_count = biases.count
                return roost_sampler_create(model.vocabulary, &parameters, grammar, &error)
            }
        }
        guard let created else {
            throw InferenceError.invalidGrammar(reason: error.map { String(cString: $0) } ?? "it does not parse")
        }
        pointer = created
    }

    deinit { roost_sampler_free(pointer) }

    /// Tells the penalties what the prompt says.
    func accept(prompt: [Int32]) { roost_sampler_accept_prompt(pointer, prompt, prompt.count) }

    /// The next token, by the logits of the batch's token `index`, which others may go on to read when `preserves`.
    ///
    /// Throws `InferenceError.decodeFailed`.
    func next(_ context: EngineContext, index: Int32, preserves: Bool) throws -> Int32 {
        var error: UnsafeMutablePointer<CChar>?
        let token = roost_sampler_next(pointer, context.pointer, index, preserves, &error)
        defer { roost_free(error) }
        guard token >= 0 else {
            throw InferenceError.decodeFailed(
                code: Int(token), reason: error.map { String(cString: $0) } ?? "no token could be chosen")
        }
        return token
    }
}

extension GenerationOptions {
    /// A seed: the one that was asked for, or one that is drawn.
    var drawnSeed: UInt32 { seed ?? UInt32.random(in: 0..<UInt32.max) }

    /// What is plain numbers in them, as the bridge takes them.
    fileprivate func samplingParameters(contextLength: Int) -> roost_sampling {
        let wholeContext = { (count: Int) in Int32(clamping: count < 0 ? contextLength : count) }
        var parameters = roost_sampling()
        parameters.temperature = temperature
        parameters.top_k = Int32(clamping: topK)
        parameters.top_p = topP
        parameters.min_p = minP
        parameters.typical_p = typicalP
        parameters.xtc_probability = xtcProbability
        parameters.xtc_threshold = xtcThreshold
        parameters.dynatemp_range = dynamicTemperatureRange
        parameters.dynatemp_exponent = dynamicTemperatureExponent
        parameters.penalty_last_n = wholeContext(penaltyLastN)
        parameters.penalty_repeat = repeatPenalty
        parameters.penalty_freq = frequencyPenalty
        parameters.penalty_present = presencePenalty
        parameters.dry_multiplier = dryMultiplier
        parameters.dry_base = dryBase
        parameters.dry_allowed_length = Int32(clamping: dryAllowedLength)
        parameters.dry_penalty_last_n = wholeContext(dryPenaltyLastN)
        parameters.mirostat = Int32(clamping: mirostat)
        parameters.mirostat_tau = mirostatTau
        parameters.mirostat_eta = mirostatEta
        parameters.ignore_eog = ignoreEndOfGeneration
        return parameters
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

import Roost

/// `generation_settings`: what tokens were chosen by, in llama-server's names.
struct LlamaServerSettings: Encodable, Sendable {
    let options: GenerationOptions
    let seed: UInt32

    enum CodingKeys: String, CodingKey {
        case seed, temperature, mirostat, stop, grammar
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
        case mirostatTau = "mirostat_tau"
        case mirostatEta = "mirostat_eta"
        case predictedCount = "n_predict"
        case maxTokens = "max_tokens"
        case keptCount = "n_keep"
        case ignoresEnd = "ignore_eos"
        case probabilityCount = "n_probs"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(seed, forKey: .seed)
        try container.encode(options.temperature, forKey: .temperature)
        try container.encode(options.topK, forKey: .topK)
        try container.encode(options.topP, forKey: .topP)
        try container.encode(options.minP, forKey: .minP)
        try container.encode(options.typicalP, forKey: .typicalP)
        try container.encode(options.xtcProbability, forKey: .xtcProbability)
        try container.encode(options.xtcThreshold, forKey: .xtcThreshold)
        try container.encode(options.dynamicTemperatureRange, forKey: .dynamicTemperatureRange)
        try container.encode(options.dynamicTemperatureExponent, forKey: .dynamicTemperatureExponent)
        try container.encode(options.penaltyLastN, forKey: .repeatLastN)
        try container.encode(options.repeatPenalty, forKey: .repeatPenalty)
        try container.encode(options.presencePenalty, forKey: .presencePenalty)
        try container.encode(options.frequencyPenalty, forKey: .frequencyPenalty)
        try container.encode(options.dryMultiplier, forKey: .dryMultiplier)
        try container.encode(options.dryBase, forKey: .dryBase)
        try container.encode(options.dryAllowedLength, forKey: .dryAllowedLength)
        try container.encode(options.dryPenaltyLastN, forKey: .dryPenaltyLastN)
        try container.encode(options.mirostat, forKey: .mirostat)
        try container.encode(options.mirostatTau, forKey: .mirostatTau)
        try container.encode(options.mirostatEta, forKey: .mirostatEta)
        try container.encode(options.maxTokens ?? -1, forKey: .predictedCount)
        try container.encode(options.maxTokens ?? -1, forKey: .maxTokens)
        try container.encode(options.keptTokenCount, forKey: .keptCount)
        try container.encode(options.ignoreEndOfGeneration, forKey: .ignoresEnd)
        try container.encode(options.topLogProbabilityCount ?? 0, forKey: .probabilityCount)
        try container.encode(options.stop, forKey: .stop)
        var grammar = ""
        if case .grammar(let text) = options.format { grammar = text }
        try container.encode(grammar, forKey: .grammar)
    }
}

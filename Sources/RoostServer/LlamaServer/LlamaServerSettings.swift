import Roost

/// `generation_settings`: what tokens were chosen by, in llama-server's names.
struct LlamaServerSettings: Encodable, Sendable {
    let options: GenerationOptions
    let seed: UInt32

    func encode(to encoder: any Encoder) throws {
        // The names under which a request has them.
        var container = encoder.container(keyedBy: LlamaServerOptions.CodingKeys.self)
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

extension GenerationOptions {
    /// Throws `InferenceError.invalidOption` for the first value outside its range.
    public func validate() throws {
        try require(temperature.isFinite && temperature >= 0, "temperature", temperature, "a number of 0 or more")
        try require(topK >= 0, "top_k", topK, "0 or more (0 keeps all tokens)")
        for (name, value) in [("top_p", topP), ("min_p", minP), ("typical_p", typicalP)] {
            try require((0...1).contains(value), name, value, "between 0 and 1")
        }
        try require((0...1).contains(xtcProbability), "xtc_probability", xtcProbability, "between 0 and 1")
        try require((0...1).contains(xtcThreshold), "xtc_threshold", xtcThreshold, "between 0 and 1")
        try require(
            dynamicTemperatureRange.isFinite && dynamicTemperatureRange >= 0, "dynatemp_range",
            dynamicTemperatureRange, "a number of 0 or more")
        try require(
            dynamicTemperatureExponent.isFinite, "dynatemp_exponent", dynamicTemperatureExponent, "a finite number")
        try require(penaltyLastN >= -1, "repeat_last_n", penaltyLastN, "−1 (the whole context) or more")
        try require(
            repeatPenalty.isFinite && repeatPenalty > 0, "repeat_penalty", repeatPenalty, "a number above 0 (1 is off)")
        try require(frequencyPenalty.isFinite, "frequency_penalty", frequencyPenalty, "a finite number")
        try require(presencePenalty.isFinite, "presence_penalty", presencePenalty, "a finite number")
        try require(
            dryMultiplier.isFinite && dryMultiplier >= 0, "dry_multiplier", dryMultiplier, "a number of 0 or more")
        try require(dryBase.isFinite && dryBase >= 1, "dry_base", dryBase, "a number of 1 or more")
        try require(dryAllowedLength >= 0, "dry_allowed_length", dryAllowedLength, "0 or more")
        try require(dryPenaltyLastN >= -1, "dry_penalty_last_n", dryPenaltyLastN, "−1 (the whole context) or more")
        try require((0...2).contains(mirostat), "mirostat", mirostat, "0, 1 or 2")
        try require(mirostatTau.isFinite && mirostatTau >= 0, "mirostat_tau", mirostatTau, "a number of 0 or more")
        try require(mirostatEta.isFinite && mirostatEta >= 0, "mirostat_eta", mirostatEta, "a number of 0 or more")
        try require(!logitBias.values.contains(where: \.isNaN), "logit_bias", "not a number", "numbers")
        try require((maxTokens ?? 0) >= 0, "max_tokens", maxTokens ?? 0, "0 or more")
        try require(
            (0...20).contains(topLogProbabilityCount ?? 0), "top_logprobs", topLogProbabilityCount ?? 0,
            "between 0 and 20")
        try require(keptTokenCount >= -1, "n_keep", keptTokenCount, "−1 (the whole prompt) or more")
        try require(stop.count <= 64, "stop", "\(stop.count) strings", "at most 64 strings")
        try require(!stop.contains(""), "stop", "an empty string", "strings of at least one character")
    }
}

extension GenerationRequest {
    /// Throws `InferenceError.invalidOption` for the first value outside its range.
    public func validate() throws {
        try options.validate()
        try require((1...128).contains(choiceCount), "n", choiceCount, "between 1 and 128")
        try require(
            tenantWeight.isFinite && tenantWeight > 0, "tenant weight", tenantWeight, "a number above 0")
        if let timeLimit { try require(timeLimit > .zero, "time limit", timeLimit, "more than 0 seconds") }
        for (name, scale) in adapterScales ?? [:] {
            try require(scale.isFinite, "scale of the adapter “\(name)”", scale, "a finite number")
        }
    }
}

extension LoadOptions {
    /// Throws `InferenceError.invalidOption` for the first value outside its range.
    public func validate() throws {
        try require((contextLength ?? 1) >= 1, "context length", contextLength ?? 0, "1 token or more")
        try require(
            (contextLength ?? 1) <= 1 << 27, "context length", contextLength ?? 0, "at most \(1 << 27) tokens")
        try require((1...65536).contains(batchSize), "batch size", batchSize, "between 1 and 65536")
        try require((1...65536).contains(microBatchSize), "micro-batch size", microBatchSize, "between 1 and 65536")
        for count in [threadCount, batchThreadCount] {
            try require((1...512).contains(count ?? 1), "thread count", count ?? 0, "between 1 and 512")
        }
        try require(
            (1...256).contains(parallelRequestCount), "parallel request count", parallelRequestCount,
            "between 1 and 256")
        try require(
            (cacheTokenCount ?? 1) >= 1 && (cacheTokenCount ?? 1) <= 1 << 27, "cache token count", cacheTokenCount ?? 0,
            "between 1 and \(1 << 27)")
        try require(prefixByteLimit >= 0, "prefix cache limit", prefixByteLimit, "0 bytes or more")
        try require((gpuLayerCount ?? 0) >= 0, "GPU layer count", gpuLayerCount ?? 0, "0 or more")
        try require(
            (expertLayersOnProcessor ?? 0) >= 0, "layers whose experts stay with the CPU", expertLayersOnProcessor ?? 0,
            "0 or more")
        if let tensorSplit {
            let rule = "1 to \(Self.deviceLimit) numbers of 0 or more, not all of them 0"
            let isSplit = tensorSplit.allSatisfy { $0.isFinite && $0 >= 0 } && tensorSplit.contains { $0 > 0 }
            try require(isSplit && tensorSplit.count <= Self.deviceLimit, "tensor split", tensorSplit, rule)
        }
        if let devices {
            let isList = Set(devices).count == devices.count && devices.count <= Self.deviceLimit
            try require(isList, "devices", devices, "at most \(Self.deviceLimit) different names")
        }
    }
}

private func require(_ holds: Bool, _ name: String, _ value: some Any, _ rule: String) throws {
    guard holds else { throw InferenceError.invalidOption(name: name, value: "\(value)", rule: rule) }
}

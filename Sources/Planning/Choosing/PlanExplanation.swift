import Inference
import Sizes

/// Says why each setting is what it is.
struct PlanExplanation {
    let search: PlanSearch
    let found: FoundSettings

    private var options: LoadOptions { found.options }
    private var request: PlanRequest { search.request }
    private var machine: PlannedMachine { search.machine }
    private static let asked = "You asked for it."
    private static let measured = "Measured as the fastest for this model on this machine."

    func choices() -> [SettingChoice] {
        let layers = [graphics, experts, split]
        let rest = [threads, batch, flashAttention, memoryMap, speculation, prompts]
        return ([context, cacheType, parallel] + layers + rest).compactMap { $0 }
    }

    private var context: SettingChoice {
        let length = options.contextLength ?? 0
        let reason: String
        if search.lengthIsAsked {
            reason =
                search.trainedLength > 0 && length > search.trainedLength
                ? "You asked for it; the model was trained for \(search.trainedLength) and may answer badly beyond."
                : Self.asked
        } else if !found.fits, length < search.neededLength {
            reason = "The least that is of use, and even that does not fit."
        } else if length < search.neededLength {
            reason =
                "The longest that fits in \(SizeText.text(machine.memoryByteCount)) of memory; \(search.neededLength) tokens would be usual."
        } else if search.trainedLength > 0, search.trainedLength <= LoadOptions.defaultContextLength {
            reason = "All that the model was trained for."
        } else {
            reason =
                "Enough for most conversations"
                + (search.trainedLength > 0 ? "; the model was trained for \(search.trainedLength)." : ".")
        }
        return SettingChoice("context", "\(length) tokens", reason)
    }

    private var cacheType: SettingChoice? {
        guard search.geometry.layers.contains(where: { $0.keyWidth > 0 }) else { return nil }
        let (keys, values) = (options.keyCacheType, options.valueCacheType)
        let value = keys == values ? keys.rawValue : "\(keys.rawValue), values \(values.rawValue)"
        if request.keyCacheType != nil || request.valueCacheType != nil {
            return SettingChoice("KV cache", value, Self.asked)
        }
        guard search.mayQuantize, keys == .q8_0 else {
            return SettingChoice("KV cache", value, "Keeps answers exactly as the model means them.")
        }
        return SettingChoice(
            "KV cache", value,
            "The context that you asked for does not fit with f16; q8_0 takes about half, and answers may differ slightly."
        )
    }

    private var parallel: SettingChoice {
        let count = options.parallelRequestCount
        let reason: String
        let usual = request.others.parallelRequestCount
        if request.parallelRequestCount != nil || (count == usual && usual != LoadOptions().parallelRequestCount) {
            reason = Self.asked
        } else if count < usual {
            reason = "The least memory; more requests wait for each other."
        } else {
            reason = "Requests share one cache, so that a few at once cost little."
        }
        return SettingChoice("parallel requests", "\(count)", reason)
    }

    private var graphics: SettingChoice {
        let all = search.geometry.layers.count + search.geometry.extraLayerCount + 1
        let count = min(options.gpuLayerCount ?? all, all)
        let value = count >= all ? "all \(all)" : "\(count) of \(all)"
        switch found.placing {
        case .asAsked: return SettingChoice("GPU layers", value, Self.asked)
        case .processor:
            let reason: String
            if request.gpuLayerCount == 0 || request.devices == [] {
                reason = Self.asked
            } else if machine.graphics.isEmpty {
                reason = "There is no GPU that the engine can use."
            } else if !machine.prefersGraphics {
                reason = "The configuration says not to use GPUs (prefer_gpu)."
            } else {
                reason =
                    found.fits
                    ? "No layer fits on the GPU with this context." : "The model fits nowhere; the CPU misses least."
            }
            return SettingChoice("GPU layers", "none", reason)
        case .graphics:
            let names = search.source.used(by: options).map(\.name).joined(separator: ", ")
            let reason =
                found.fits ? "The whole model fits on \(names)." : "The model fits nowhere; here least is missing."
            return SettingChoice("GPU layers", value, reason)
        case .expertsLeft:
            return SettingChoice(
                "GPU layers", value,
                "What every token goes through fits on the GPU; experts, of which each token uses few, are left.")
        case .layersLeft:
            return SettingChoice(
                "GPU layers", value, "As many as fit on the GPU; the CPU computes the rest, which is slower.")
        }
    }

    private var experts: SettingChoice? {
        guard let count = options.expertLayersOnProcessor, count > 0 else { return nil }
        let reason =
            request.expertLayersOnProcessor != nil
            ? Self.asked
            : "The GPU's memory does not do for all experts (\(search.geometry.usedExpertCount) of \(search.geometry.expertCount) are used for a token)."
        return SettingChoice("expert layers on the CPU", "\(count) of \(search.geometry.layers.count)", reason)
    }

    private var split: SettingChoice? {
        guard let split = options.tensorSplit, split.count > 1 else { return nil }
        let value = split.map { share in Int(exactly: share).map { "\($0)" } ?? "\(share)" }.joined(separator: " : ")
        return SettingChoice(
            "tensor split", value,
            request.tensorSplit != nil ? Self.asked : "Whole layers for each GPU, by the memory that is free on it.")
    }

    private var threads: SettingChoice {
        let reason: String
        if request.threadCount != nil {
            reason = Self.asked
        } else if request.tuning?.threadCount != nil {
            reason = Self.measured
        } else {
            reason = "One for each fast physical core that Roost may use, within its quota."
        }
        return SettingChoice("threads", "\(options.threadCount ?? machine.threadCount)", reason)
    }

    private var batch: SettingChoice {
        let reason: String
        if request.microBatchSize != nil || request.batchSize != nil {
            reason = Self.asked
        } else if request.tuning?.microBatchSize == options.microBatchSize {
            reason = Self.measured
        } else {
            reason = "A good start on most machines; “roost tune” finds out what is best on this one."
        }
        return SettingChoice("batch", "\(options.batchSize), \(options.microBatchSize) at once", reason)
    }

    private var flashAttention: SettingChoice {
        let reason: String
        if request.flashAttention != nil {
            reason = Self.asked
        } else if request.tuning?.flashAttention == options.flashAttention {
            reason = Self.measured
        } else {
            reason = "Used where the device has the kernel: it is faster and takes less memory."
        }
        return SettingChoice("flash attention", options.flashAttention.rawValue, reason)
    }

    private var speculation: SettingChoice? {
        guard request.others.speculation else { return nil }
        return SettingChoice(
            "speculation", options.speculation ? "on" : "off",
            options.speculation
                ? "Texts that repeat themselves are faster; it stops by itself where it does not help."
                : "Without it fewer logits are kept, which takes less memory.")
    }

    private var prompts: SettingChoice? {
        let wanted = request.others.prefixByteLimit
        guard wanted > 0 else { return nil }
        let reason =
            options.prefixByteLimit < wanted
            ? "What the model leaves of the memory that models may take."
            : "Computed prompts are kept, so that the same beginning is not computed again."
        return SettingChoice("kept prompts", SizeText.text(options.prefixByteLimit), reason)
    }

    private var memoryMap: SettingChoice {
        let size = SizeText.text(search.fileByteCount)
        let reason: String
        if request.memoryMap != nil {
            reason = Self.asked
        } else if options.memoryMap {
            reason = "The file (\(size)) fits in memory: it loads at once when it is in the page cache."
        } else {
            reason =
                "The file (\(size)) is larger than the memory that models may take; reading it leaves no pages behind."
        }
        return SettingChoice("memory map", options.memoryMap ? "on" : "off", reason)
    }
}

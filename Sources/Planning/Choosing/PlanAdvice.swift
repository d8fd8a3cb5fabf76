import Inference
import ModelFormats
import Sizes

/// Says with numbers what to change when a model does not fit, or did with less than was asked for.
struct PlanAdvice {
    let search: PlanSearch
    let found: FoundSettings

    private var machine: PlannedMachine { search.machine }
    private var source: EstimateSource { search.source }

    func sentences() -> [String] {
        guard !found.fits else {
            let length = found.options.contextLength ?? 0
            if length < search.neededLength {
                return [
                    "The context is \(length) instead of \(search.neededLength) tokens; free memory, or ask for the longer one with a q8_0 KV cache."
                ]
            }
            // A context that was asked for is not shortened, so that it is the one or the other.
            let (kept, wanted) = (found.options.keyCacheType, search.base().keyCacheType)
            guard kept != wanted else { return [] }
            return [
                "The KV cache is \(kept.rawValue) instead of \(wanted.rawValue), so that \(length) tokens fit; answers may differ slightly."
            ]
        }
        let changes = [shorterContext, quantizedCache, fewerRequests, withoutSpeculation, fewerLayers, processor]
            .compactMap { $0 }
        return [shortage] + changes + [weights]
    }

    /// What is missing where.
    private var shortage: String {
        let needed = machine.neededByteCount(found.memory)
        var parts: [String] = []
        if needed > machine.memoryByteCount {
            parts.append(
                "\(SizeText.text(needed)) of memory where \(SizeText.text(machine.memoryByteCount)) can be had")
        }
        for device in found.memory.devices where !device.isHost {
            let own = machine.graphics.first { $0.name == device.device }?.memoryByteCount ?? 0
            if device.totalByteCount > own {
                parts.append(
                    "\(SizeText.text(device.totalByteCount)) on \(device.device), which has \(SizeText.text(own))")
            }
        }
        return "It needs " + parts.joined(separator: ", and ") + "."
    }

    private func result(of options: LoadOptions) -> (fits: Bool, needed: String) {
        let estimate = source.computed(options)
        return (machine.fits(estimate), SizeText.text(estimate.allByteCount))
    }

    private var shorterContext: String? {
        let now = found.options.contextLength ?? 0
        var length = now / 2 / 256 * 256
        while length >= PlanSearch.leastContextLength {
            var options = found.options
            options.contextLength = length
            let result = result(of: options)
            if result.fits { return "With a context of \(length) tokens it fits: \(result.needed) in all." }
            length = length / 2 / 256 * 256
        }
        return nil
    }

    private var quantizedCache: String? {
        guard found.options.keyCacheType == .f16, search.geometry.allows(.q8_0),
            search.geometry.layers.contains(where: { $0.keyWidth > 0 }), found.options.flashAttention != .off
        else { return nil }
        var options = found.options
        (options.keyCacheType, options.valueCacheType) = (.q8_0, .q8_0)
        let result = result(of: options)
        return result.fits ? "With a q8_0 KV cache it fits: \(result.needed) in all; answers may differ slightly." : nil
    }

    private var fewerRequests: String? {
        guard found.options.parallelRequestCount > 1 else { return nil }
        var options = found.options
        options.parallelRequestCount = 1
        let result = result(of: options)
        return result.fits ? "With one request at a time it fits: \(result.needed) in all." : nil
    }

    private var withoutSpeculation: String? {
        guard found.options.speculation else { return nil }
        var options = found.options
        options.speculation = false
        let result = result(of: options)
        return result.fits ? "Without speculation it fits: \(result.needed) in all." : nil
    }

    private var fewerLayers: String? {
        guard let count = found.options.gpuLayerCount, count > 1, !source.used(by: found.options).isEmpty else {
            return nil
        }
        func fits(_ fewer: Int) -> Bool {
            var options = found.options
            options.gpuLayerCount = fewer
            options.tensorSplit = nil
            return machine.fits(source.computed(options))
        }
        var (low, high) = (0, min(count, search.geometry.layers.count + 1))
        while high - low > 1 {
            let middle = (low + high) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        if low > 0 { return "With \(low) layers on the GPU it fits." }
        return nil
    }

    private var processor: String? {
        guard found.options.gpuLayerCount != 0 else { return nil }
        var options = found.options
        (options.gpuLayerCount, options.devices, options.tensorSplit) = (0, nil, nil)
        let result = result(of: options)
        return result.fits ? "On the CPU alone it fits: \(result.needed) of memory." : nil
    }

    /// How large the weights may be, and which quantization has about that size.
    private var weights: String {
        let rest = found.memory.allByteCount - found.memory.weightsByteCount
        let room = machine.poolByteCount - rest
        let own = search.geometry.weightByteCount
        guard room > 0 else {
            return search.lengthIsAsked
                ? "This machine is too small for this model with so long a context; choose a shorter one, or a model of far fewer parameters."
                : "This machine is too small for this model; choose one of far fewer parameters."
        }
        guard room < own else {
            // In all there is room, but not in one place.
            return
                "Its weights (\(SizeText.text(own))) would have to be spread over the machine's memories; choose a smaller quantization."
        }
        guard let smaller = Quantization.largest(within: room, of: search.geometry) else {
            return
                "Weights of at most \(SizeText.text(room)) would fit (this model has \(SizeText.text(own))), which no usual quantization of it is; choose a model of fewer parameters."
        }
        return
            "A quantization of at most \(SizeText.text(room)) would fit (this one has \(SizeText.text(own))), such as \(smaller.name) with about \(SizeText.text(smaller.byteCount))."
    }
}

import CLlama
import LlamaBridge

/// The contexts that a loaded model will have, and what all of it takes.
struct ContextPlan {
    let model: ModelLayout
    /// The draft model; `nil` when none is used.
    let draft: ModelLayout?
    /// Bytes of the process that will load it, before it does.
    let processByteCount: Int64

    /// Throws `InferenceError.estimateFailed`.
    func estimate(_ options: LoadOptions) throws -> MemoryEstimate {
        let handle = model.model
        let shape = ContextShape(
            options: options, trainedContextLength: handle.trainedContextLength, memory: .init(of: handle.pointer))
        var parameters = shape.parameters(options)
        var memory = try model.memory(of: parameters)
        let generates = handle.generates(hasCache: memory.hasCache)
        if !generates {
            parameters = embeddingParameters(options)
            memory = try model.memory(of: parameters)
        }
        var estimate = MemoryEstimate(
            devices: memory.devices, mappedByteCount: 0, repackedByteCount: Int64(clamping: model.weights.repacked),
            outputByteCount: outputByteCount(parameters), overheadByteCount: memory.workByteCount)
        let overhead = ProcessOverhead(model, parameters)
        estimate.overheadByteCount +=
            processByteCount + ProcessOverhead.servingByteCount + overhead.modelByteCount + overhead.contextByteCount
        estimate.addFiles(model, options)
        if generates, shape.draftCount > 0 {
            estimate.speculationByteCount = try speculationByteCount(parameters, estimate)
        }
        if generates, shape.draftCount > 0, let draft { try addDraft(draft, shape, options, to: &estimate) }
        return estimate
    }

    /// The context for vectors of texts as long as the context.
    private func embeddingParameters(_ options: LoadOptions) -> llama_context_params {
        let limits = EmbeddingLimits(model: model.model, options: options)
        let length = max(limits.textTokenCount, limits.batchTokenCount)
        return EmbeddingContext.parameters(
            model: model.model, options: options, pooling: limits.defaultPooling, batchTokenCount: length,
            textTokenCount: length)
    }

    /// A row for each token that gives logits, and a vector beside it where vectors are made.
    private func outputByteCount(_ parameters: llama_context_params) -> Int64 {
        let rows = parameters.n_outputs_max > 0 ? parameters.n_outputs_max : parameters.n_batch
        let vector = parameters.embeddings ? model.model.vectorLength : 0
        return 4 * Int64(max(rows, parameters.n_seq_max)) * Int64(model.model.vocabularyCount + vector)
    }

    /// What a row of logits for each proposed token adds.
    private func speculationByteCount(
        _ parameters: llama_context_params, _ estimate: MemoryEstimate
    ) throws -> Int64 {
        var plain = parameters
        plain.n_outputs_max = plain.n_seq_max
        let compute = try model.memory(of: plain).devices.first { $0.isHost }?.computeByteCount ?? 0
        return max(0, estimate.host.computeByteCount - compute) + estimate.outputByteCount - outputByteCount(plain)
    }

    /// Each request has a context of the draft model.
    private func addDraft(
        _ draft: ModelLayout, _ shape: ContextShape, _ options: LoadOptions, to estimate: inout MemoryEstimate
    ) throws {
        let parameters = DraftModel.contextParameters(
            contextLength: shape.contextLength,
            threadCount: Int(shape.parameters(options).n_threads))
        let memory = try draft.memory(of: parameters)
        let count = Int64(shape.parallelCount)
        for device in memory.devices {
            let index =
                estimate.devices.firstIndex { $0.device == device.device }
                ?? {
                    estimate.devices.append(DeviceMemory(device: device.device, isHost: device.isHost))
                    return estimate.devices.count - 1
                }()
            estimate.devices[index].weightsByteCount += device.weightsByteCount
            estimate.devices[index].contextByteCount += device.contextByteCount * count
            estimate.devices[index].computeByteCount += device.computeByteCount * count
        }
        let overhead = ProcessOverhead(draft, parameters)
        estimate.outputByteCount += 4 * Int64(draft.model.vocabularyCount) * count
        estimate.overheadByteCount +=
            overhead.modelByteCount + (overhead.contextByteCount + memory.workByteCount) * count
        estimate.repackedByteCount += Int64(clamping: draft.weights.repacked)
        estimate.addFiles(draft, options)
    }
}

extension MemoryEstimate {
    fileprivate mutating func addFiles(_ layout: ModelLayout, _ options: LoadOptions) {
        guard options.memoryMap else { return }
        let (files, mapped) = (Int64(clamping: layout.weights.files), Int64(clamping: layout.weights.mapped))
        mappedByteCount += mapped
        loadingByteCount = max(loadingByteCount, files - mapped)
    }
}

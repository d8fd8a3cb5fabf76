public import Inference

/// What a load takes, computed from a model's sizes alone: for hardware that is not here, and where the engine cannot
/// be asked.
public struct ClosedForm: Sendable {
    /// The model.
    public let geometry: ModelGeometry
    /// What the CPU's back end copies.
    public let repacking: Repacking
    /// Bytes of the projector, for which its file is taken.
    let projectorByteCount: Int64
    /// Bytes of the draft model's weights, which are there when tokens are proposed.
    let draftByteCount: Int64

    /// Bytes of a worker that serves, without a model; for each token of the vocabulary and for each cell of the cache
    /// (measured on Linux, x86-64, as the figures of the exact estimates were).
    static let processByteCount: Int64 = 40_000_000
    static let byteCountPerToken: Int64 = 190
    static let byteCountPerCell: Int64 = 450

    /// The closed form for a model.
    ///
    /// - Parameter headers: the model's files: a projector and a draft model among them are counted by their sizes.
    public init(
        _ geometry: ModelGeometry, repacking: Repacking = Repacking(architecture: "x86_64", features: nil),
        headers: ModelHeaderSet? = nil
    ) {
        self.geometry = geometry
        self.repacking = repacking
        projectorByteCount = max(0, headers?.projector?.fileByteCount ?? 0)
        draftByteCount = max(0, headers?.draft?.fileByteCount ?? 0)
    }

    /// The context that Roost makes for the model. An encoder's is as long as its longest text.
    public func context(_ options: LoadOptions) -> ContextSize {
        let trained = geometry.trainedContextLength ?? 0
        guard geometry.hasMemory else { return ContextSize(encoding: options, trainedContextLength: trained) }
        return ContextSize(
            options: options, trainedContextLength: trained, windowLength: geometry.windowLength,
            isRecurrent: geometry.isRecurrent, isPurelyRecurrent: geometry.isPurelyRecurrent)
    }

    /// What a load takes.
    ///
    /// - Parameters:
    ///   - graphics: the names of the GPUs that are used, none for the CPU alone.
    ///   - shares: each GPU's share of the layers when the options name none: its free memory.
    public func estimate(
        _ options: LoadOptions, graphics: [String] = [], shares: [Double] = []
    ) -> MemoryEstimate {
        let names = options.gpuLayerCount == 0 ? [] : graphics
        let split = options.tensorSplit.flatMap { $0.count == names.count ? $0 : nil } ?? shares
        let even = [Double](repeating: 1, count: names.count)
        let placement = Placement(of: geometry, options: options, shares: split.count == names.count ? split : even)
        let context = context(options)
        var estimate = estimate(options, context, names, placement)
        if options.speculation, geometry.hasMemory, context.outputCount > context.sequenceCount {
            // What would be there with a row of logits for each sequence alone.
            let plain = self.estimate(options, context.withOutputs(context.sequenceCount), names, placement)
            estimate.speculationByteCount =
                max(0, estimate.host.computeByteCount - plain.host.computeByteCount)
                + max(0, estimate.outputByteCount - plain.outputByteCount)
        }
        return estimate
    }

    private func estimate(
        _ options: LoadOptions, _ context: ContextSize, _ names: [String], _ placement: Placement
    ) -> MemoryEstimate {
        let cache = CacheSize(
            of: geometry, in: context, keys: options.keyCacheType, values: options.valueCacheType)
        let compute = ComputeSize(
            of: geometry, in: context, cache: cache, usesFlashAttention: options.flashAttention != .off)
        var tally = Tally(geometry: geometry, placement: placement, names: names)
        // With a GPU the host's weights stay in the order of the file, which the GPU can fetch for large batches.
        let repacking = names.isEmpty ? repacking : nil
        tally.addWeights(repacking)
        if options.speculation { tally.addDraft(draftByteCount) }
        tally.addContext(cache, compute)
        let outputs = Int64(max(context.outputCount, context.sequenceCount)) * 4
        // An encoder's vectors are beside.
        let row = Int64(geometry.vocabularyCount + (geometry.hasMemory ? 0 : geometry.embeddingLength))
        let vocabulary = Int64(geometry.vocabularyCount)
        let hostWeights = tally.devices.first?.weightsByteCount ?? 0
        return MemoryEstimate(
            devices: tally.devices,
            mappedByteCount: options.memoryMap ? max(0, hostWeights - tally.duplicatedByteCount) : 0,
            repackedByteCount: tally.repackedByteCount, outputByteCount: outputs * row,
            overheadByteCount: (placement.layers.contains(nil) ? compute.work : 0) + Self.processByteCount + Self
                .byteCountPerToken * vocabulary
                + (geometry.isPurelyRecurrent ? 0 : Self.byteCountPerCell * Int64(cache.cellCount)),
            projectorByteCount: projectorByteCount)
    }
}

/// Adds up what each device has.
private struct Tally {
    let geometry: ModelGeometry
    let placement: Placement
    /// The host first.
    var devices: [DeviceMemory]
    var repackedByteCount: Int64 = 0
    /// Of the host's weights, those that are there twice.
    var duplicatedByteCount: Int64 = 0

    init(geometry: ModelGeometry, placement: Placement, names: [String]) {
        self.geometry = geometry
        self.placement = placement
        let none: Int64 = 0
        devices = (["CPU"] + names).enumerated().map { index, name in
            DeviceMemory(
                device: name, isHost: index == 0, weightsByteCount: none, contextByteCount: none, computeByteCount: none
            )
        }
    }

    private func index(_ device: Int?) -> Int { device.map { $0 + 1 } ?? 0 }

    private mutating func add(_ group: WeightGroup, to device: Int, _ repacking: Repacking?) {
        devices[device].weightsByteCount = devices[device].weightsByteCount.addingClamped(group.byteCount)
        if device == 0, let repacking, repacking.applies(to: group) {
            repackedByteCount = repackedByteCount.addingClamped(group.byteCount)
        }
    }

    mutating func addDraft(_ byteCount: Int64) {
        devices[0].weightsByteCount = devices[0].weightsByteCount.addingClamped(byteCount)
    }

    mutating func addWeights(_ repacking: Repacking?) {
        for group in geometry.inputWeights { add(group, to: 0, nil) }
        for (number, layer) in geometry.layers.enumerated() {
            let own = index(placement.layers[number])
            for group in layer.weights {
                add(group, to: group.isExpert && number < placement.expertsOnHost ? 0 : own, repacking)
            }
        }
        let output = index(placement.output)
        for group in geometry.outputWeights { add(group, to: output, repacking) }
        guard geometry.isTied, let table = geometry.inputWeights.max(by: { $0.byteCount < $1.byteCount }) else {
            return
        }
        var matrix = table
        matrix.isMatrix = true
        if output > 0 {
            add(matrix, to: output, nil)
        } else if geometry.hasMemory, let repacking, repacking.applies(to: matrix) {
            add(matrix, to: 0, repacking)
            duplicatedByteCount = table.byteCount
        }
    }

    mutating func addContext(_ cache: CacheSize, _ compute: ComputeSize) {
        var fetched: Int64 = 0
        for (number, layer) in geometry.layers.enumerated() {
            let own = index(placement.layers[number])
            devices[own].contextByteCount = devices[own].contextByteCount.addingClamped(cache.layers[number])
            devices[own].computeByteCount = max(devices[own].computeByteCount, compute.layers[number])
            let leavesExperts = number < placement.expertsOnHost && layer.weights.contains(where: \.isExpert)
            if own == 0 || leavesExperts { fetched = max(fetched, layer.largestByteCount) }
            if own > 0, leavesExperts {
                devices[0].computeByteCount = max(devices[0].computeByteCount, compute.layers[number])
            }
        }
        let output = index(placement.output)
        devices[output].computeByteCount = max(devices[output].computeByteCount, compute.output)
        guard devices.count > 1 else { return }
        devices[0].computeByteCount = max(devices[0].computeByteCount, compute.input)
        // Large batches are computed on the first GPU with the host's weights, one tensor at a time.
        devices[1].computeByteCount = devices[1].computeByteCount.addingClamped(fetched)
        // With all layers on several GPUs batches overlap: each device has the inputs of four.
        guard devices.count > 2, fetched == 0, devices[1...].allSatisfy({ $0.weightsByteCount > 0 }) else { return }
        for index in devices.indices {
            let received = index > 1 ? 4 * compute.stream : 0
            devices[index].computeByteCount = devices[index].computeByteCount.addingClamped(
                3 * (compute.masks + compute.stream) + received)
        }
    }
}

public import Inference
import Sizes

/// What to try when a load failed, in order: what costs nothing but room first, answers' quality later, other models
/// last. Each step needs less memory than what failed.
public struct RecoverySteps: Sendable {
    private let failed: LoadOptions
    private let geometry: ModelGeometry
    private let machine: PlannedMachine
    private let request: PlanRequest
    private let form: ClosedForm

    /// Shorter contexts are of no use.
    private static let leastContextLength = 1024

    /// - Parameters:
    ///   - failed: the settings that did not do.
    ///   - request: what the person fixed: that is not changed without asking.
    ///   - headers: the model's files, of which a projector and a draft model need room too.
    public init(
        after failed: LoadOptions, of geometry: ModelGeometry, on machine: PlannedMachine, request: PlanRequest,
        headers: ModelHeaderSet? = nil
    ) {
        self.failed = failed
        self.geometry = geometry
        self.machine = machine
        self.request = request.resolved()
        form = ClosedForm(geometry, repacking: machine.repacking, headers: headers)
    }

    /// The steps.
    ///
    /// - Parameter alternatives: other quantizations and models of the family; the largest that are smaller and fit are
    ///   offered, never taken.
    public func steps(alternatives: [ModelAlternative] = []) -> [RecoveryStep] {
        var steps: [RecoveryStep] = []
        var options = failed
        if request.parallelRequestCount == nil, failed.parallelRequestCount > 1 {
            options.parallelRequestCount = 1
            add(.fewerRequests, options, "One request at a time instead of \(failed.parallelRequestCount).", to: &steps)
        }
        let length = form.context(failed).contextLength
        var shorter = options
        for part in [2, 4] where length / part >= Self.leastContextLength {
            shorter.contextLength = length / part
            let asked = request.contextLength != nil
            add(
                .shorterContext, shorter,
                "A context of \(length / part) instead of \(length) tokens\(asked ? ", less than you asked for" : "").",
                isAutomatic: !asked, to: &steps)
        }
        // What was asked for stays as it was.
        if request.contextLength == nil { options = shorter }
        if options.speculation {
            options.speculation = false
            add(
                .withoutSpeculation, options, "No speculation: texts that repeat themselves are slower.", to: &steps)
        }
        if let quantized = quantized(options) {
            add(
                .quantizedCache, quantized,
                "A KV cache in q8_0 instead of \(options.keyCacheType.rawValue): answers may differ slightly.",
                changesQuality: true, to: &steps)
        }
        addPlacements(options, to: &steps)
        steps += offers(alternatives)
        return steps
    }

    private func quantized(_ options: LoadOptions) -> LoadOptions? {
        guard request.keyCacheType == nil, request.valueCacheType == nil, options.flashAttention != .off,
            !options.keyCacheType.isQuantized, geometry.allows(.q8_0)
        else { return nil }
        var options = options
        (options.keyCacheType, options.valueCacheType) = (.q8_0, .q8_0)
        return options
    }

    private func addPlacements(_ options: LoadOptions, to steps: inout [RecoveryStep]) {
        guard !machine.usedGraphics.isEmpty, failed.gpuLayerCount != 0 else { return }
        let all = geometry.layers.count + geometry.extraLayerCount + 1
        let now = min(failed.gpuLayerCount ?? all, all)
        let isFixed = request.gpuLayerCount != nil
        if geometry.layers.contains(where: { $0.weights.contains(where: \.isExpert) }),
            request.expertLayersOnProcessor == nil,
            (failed.expertLayersOnProcessor ?? 0) < geometry.layers.count
        {
            var options = options
            options.expertLayersOnProcessor = geometry.layers.count
            add(.expertsOnProcessor, options, "All experts on the CPU: slower.", to: &steps)
        }
        for count in [now * 3 / 4, now / 2, now / 4] where count > 0 && count < now {
            var options = options
            options.gpuLayerCount = count
            options.tensorSplit = request.tensorSplit
            add(
                .fewerGraphicsLayers, options, "\(count) instead of \(now) layers on the GPU: slower.",
                isAutomatic: !isFixed,
                to: &steps)
        }
        var alone = options
        (alone.gpuLayerCount, alone.devices, alone.tensorSplit, alone.expertLayersOnProcessor) = (0, nil, nil, nil)
        add(.processor, alone, "The CPU alone: slower.", isAutomatic: !isFixed && request.devices == nil, to: &steps)
    }

    /// Adds a step if some pool of memory is needed less than before, and none is known not to do.
    private func add(
        _ kind: RecoveryStep.Kind, _ options: LoadOptions, _ sentence: String, changesQuality: Bool = false,
        isAutomatic: Bool = true, to steps: inout [RecoveryStep]
    ) {
        let (before, after) = (estimate(failed), estimate(options))
        let saved =
            zip(before.devices, devices(after, like: before)).contains { $0.totalByteCount > $1 }
            || before.outputByteCount > after.outputByteCount
        guard saved else { return }
        // On the CPU everything has to be in its memory.
        if kind == .processor || kind == .expertsOnProcessor || kind == .fewerGraphicsLayers,
            machine.neededByteCount(after) > machine.memoryByteCount
        {
            return
        }
        steps.append(
            RecoveryStep(
                kind: kind, options: options, memory: after, changesQuality: changesQuality, isAutomatic: isAutomatic,
                sentence: sentence))
    }

    private func devices(_ after: MemoryEstimate, like before: MemoryEstimate) -> [Int64] {
        before.devices.map { device in after.devices.first { $0.device == device.device }?.totalByteCount ?? 0 }
    }

    private func estimate(_ options: LoadOptions) -> MemoryEstimate {
        EstimateSource(form: form, machine: machine, exact: nil).computed(options)
    }

    private func offers(_ alternatives: [ModelAlternative]) -> [RecoveryStep] {
        let before = estimate(failed)
        let room = machine.poolByteCount - (before.allByteCount - before.weightsByteCount)
        let smaller = alternatives.filter { $0.byteCount < geometry.weightByteCount && $0.byteCount <= room }
        // First the same model with fewer bits, then others, the largest first.
        let order = smaller.sorted {
            ($0.isSameModel ? 0 : 1, -$0.byteCount, $0.name) < ($1.isSameModel ? 0 : 1, -$1.byteCount, $1.name)
        }
        return order.map { other in
            let what =
                other.isSameModel
                ? "The same model in \(other.quantization ?? "fewer bits")" : "A smaller model of the family"
            return RecoveryStep(
                kind: other.isSameModel ? .smallerQuantization : .smallerModel, alternative: other,
                changesQuality: true,
                isAutomatic: false,
                sentence:
                    "\(what), \(other.name), takes \(SizeText.text(other.byteCount)) instead of \(SizeText.text(geometry.weightByteCount)) and would fit."
            )
        }
    }
}

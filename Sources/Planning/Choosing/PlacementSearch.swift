import Inference

/// Finds where layers go: all on one GPU, on several, experts left with the CPU, layers left, or the CPU alone.
struct PlacementSearch: Sendable {
    let search: PlanSearch

    private var geometry: ModelGeometry { search.geometry }
    private var source: EstimateSource { search.source }
    private var request: PlanRequest { search.request }

    /// All layers and the output.
    private var allCount: Int { geometry.layers.count + geometry.extraLayerCount + 1 }
    /// Layers up to the last one with experts.
    private var expertEnd: Int {
        (geometry.layers.lastIndex { $0.weights.contains(where: \.isExpert) } ?? -1) + 1
    }

    /// Layers that are moved between GPUs at most: shares by memory are near already.
    private static let moveLimit = 64

    private typealias Candidate = (options: LoadOptions, placing: FoundSettings.Placing)

    /// The best placement that fits; `nil` when none does.
    func place(_ options: LoadOptions) async throws -> FoundSettings? {
        if let asked = asked(options) { return try await first([asked]) }
        let simple = whole(options)
        if let found = try await first(simple) { return found }
        guard let graphics, !graphics.isEmpty else { return try await first([processor(options)]) }
        if expertEnd > 0, request.expertLayersOnProcessor == nil {
            let kept = try await source.largest(0...(expertEnd - 1)) { count in
                split(options, layers: allCount, experts: expertEnd - count, graphics)
            }
            if let kept {
                let options = split(options, layers: allCount, experts: expertEnd - kept, graphics)
                if let found = try await first([(options, .expertsLeft)]) { return found }
            }
        }
        if allCount > 2 {
            let experts = request.expertLayersOnProcessor ?? 0
            let count = try await source.largest(1...(allCount - 1)) {
                split(options, layers: $0, experts: experts, graphics)
            }
            if let count {
                let options = split(options, layers: count, experts: experts, graphics)
                if let found = try await first([(options, .layersLeft)]) { return found }
            }
        }
        return try await first([processor(options)])
    }

    /// The placement that misses least, which does not fit.
    func nearest(_ options: LoadOptions) async throws -> FoundSettings {
        let candidates = asked(options).map { [$0] } ?? whole(options) + [processor(options)]
        let estimates = try await source.estimates(candidates.map(\.options))
        let all = zip(candidates, estimates).map { candidate, memory in
            FoundSettings(
                options: candidate.options, memory: memory, placing: candidate.placing,
                fits: search.machine.fits(memory))
        }
        let best = all.min { search.machine.shortage(of: $0.memory) < search.machine.shortage(of: $1.memory) }
        return best
            ?? FoundSettings(options: options, memory: source.computed(options), placing: .processor, fits: false)
    }

    private func first(_ candidates: [Candidate]) async throws -> FoundSettings? {
        guard !candidates.isEmpty else { return nil }
        let estimates = try await source.estimates(candidates.map(\.options))
        for (candidate, memory) in zip(candidates, estimates) where search.machine.fits(memory) {
            return FoundSettings(options: candidate.options, memory: memory, placing: candidate.placing, fits: true)
        }
        return nil
    }

    // MARK: Candidates

    /// The GPUs to use; `nil` when a person wants none.
    private var graphics: [PlannedDevice]? {
        if request.gpuLayerCount == 0 { return nil }
        guard let names = request.devices else { return search.machine.usedGraphics }
        return names.compactMap { name in search.machine.graphics.first { $0.name == name } }
    }

    /// What a person fixed of the layers' places, all of it.
    private func asked(_ options: LoadOptions) -> Candidate? {
        guard let count = request.gpuLayerCount, count > 0, let graphics else { return nil }
        guard !graphics.isEmpty else { return processor(options) }
        return (
            split(options, layers: count, experts: request.expertLayersOnProcessor ?? 0, graphics), .asAsked
        )
    }

    private func processor(_ options: LoadOptions) -> Candidate {
        var options = options
        options.gpuLayerCount = 0
        (options.devices, options.tensorSplit, options.expertLayersOnProcessor) = (nil, nil, nil)
        return (options, .processor)
    }

    /// All layers on GPUs: on one where that does, since between several each token waits.
    private func whole(_ options: LoadOptions) -> [Candidate] {
        guard let graphics, !graphics.isEmpty else { return [processor(options)] }
        let experts = request.expertLayersOnProcessor ?? 0
        var candidates: [Candidate] = []
        if graphics.count > 1, request.devices == nil, request.tensorSplit == nil {
            let order = graphics.sorted {
                ($0.bytesPerSecond ?? 0, $0.memoryByteCount) > ($1.bytesPerSecond ?? 0, $1.memoryByteCount)
            }
            for device in order {
                candidates.append(
                    (split(options, layers: allCount, experts: experts, [device], isChosen: true), .graphics))
            }
        }
        candidates.append((split(options, layers: allCount, experts: experts, graphics), .graphics))
        return candidates
    }

    private func split(
        _ options: LoadOptions, layers: Int, experts: Int, _ graphics: [PlannedDevice], isChosen: Bool = false
    ) -> LoadOptions {
        var options = options
        options.gpuLayerCount = layers
        options.expertLayersOnProcessor = experts > 0 ? experts : nil
        let isSome = isChosen || graphics.count != search.machine.graphics.count
        options.devices = request.devices ?? (isSome ? graphics.map(\.name) : nil)
        options.tensorSplit = request.tensorSplit ?? (graphics.count > 1 ? balanced(options, graphics) : nil)
        return options
    }

    /// Whole layers for each GPU, by its free memory; where one has too much, the next one with room takes over.
    private func balanced(_ options: LoadOptions, _ graphics: [PlannedDevice]) -> [Double] {
        let count = min(options.gpuLayerCount ?? allCount, allCount)
        let memory = graphics.map { Double($0.memoryByteCount) }
        let sum = memory.reduce(0, +)
        var ends = memory.indices.map { index in
            Int((Double(count) * memory[...index].reduce(0, +) / max(sum, 1)).rounded())
        }
        ends[ends.count - 1] = count
        var counts = ends.indices.map { ends[$0] - ($0 > 0 ? ends[$0 - 1] : 0) }
        var options = options
        for _ in 0..<Self.moveLimit {
            options.tensorSplit = counts.map(Double.init)
            let estimate = source.computed(options)
            let room = graphics.map { device in
                device.memoryByteCount - (estimate.devices.first { $0.device == device.name }?.totalByteCount ?? 0)
            }
            guard let full = room.indices.filter({ counts[$0] > 0 }).min(by: { room[$0] < room[$1] }), room[full] < 0,
                let free = room.indices.max(by: { room[$0] < room[$1] }), room[free] > 0, free != full
            else { break }
            counts[full] -= 1
            counts[free] += 1
        }
        return counts.map(Double.init)
    }
}

import Inference

/// What a search for settings came to.
struct FoundSettings: Sendable {
    /// How the layers were placed.
    enum Placing: Sendable { case processor, graphics, expertsLeft, layersLeft, asAsked }

    var options: LoadOptions
    var memory: MemoryEstimate
    var placing: Placing
    var fits: Bool
}

/// Tries settings in the order in which they are wanted, until some fit.
struct PlanSearch: Sendable {
    let geometry: ModelGeometry
    let machine: PlannedMachine
    /// ``PlanRequest/resolved()``.
    let request: PlanRequest
    var source: EstimateSource
    let fileByteCount: Int64

    /// Shorter contexts are of no use.
    static let leastContextLength = 512
    private static let step = 256

    /// Tokens that a model was trained for, as far as it says.
    var trainedLength: Int { max(geometry.trainedContextLength ?? 0, 0) }

    /// Tokens that are needed: what a person asked for, or the default.
    var neededLength: Int {
        let usual = LoadOptions.defaultContextLength
        return request.contextLength ?? min(trainedLength > 0 ? trainedLength : usual, usual)
    }

    /// Whether a person said how long the context must be.
    var lengthIsAsked: Bool { request.contextLength != nil }

    /// The numbers of requests at once that are tried, first the wanted one. One fewer makes a difference only where each
    /// costs a window or a state, or logits.
    var parallelCounts: [Int] {
        if let asked = request.parallelRequestCount { return [asked] }
        let usual = request.others.parallelRequestCount
        return usual > 1 ? [usual, 1] : [usual]
    }

    /// Whether the cache may be kept in `q8_0` to have the context that was asked for.
    var mayQuantize: Bool {
        request.keyCacheType == nil && request.valueCacheType == nil && lengthIsAsked && geometry.allows(.q8_0)
            && request.flashAttention != .off && geometry.layers.contains { $0.keyWidth > 0 }
    }

    /// All settings but the context's and where layers go.
    func base() -> LoadOptions {
        var options = request.others
        options.threadCount = options.threadCount ?? machine.threadCount
        options.microBatchSize = min(options.microBatchSize, options.batchSize)
        options.memoryMap = request.memoryMap ?? (options.memoryMap && fileByteCount <= machine.memoryByteCount)
        return options
    }

    /// Whether proposed tokens are computed: first with, as it is wanted, then without, which takes fewer rows of logits.
    private var speculations: [Bool] { request.others.speculation ? [true, false] : [false] }

    private func options(length: Int, parallel: Int, speculation: Bool, quantized: Bool = false) -> LoadOptions {
        var options = base()
        options.contextLength = length
        options.parallelRequestCount = parallel
        options.speculation = speculation
        if quantized {
            (options.keyCacheType, options.valueCacheType) = (.q8_0, .q8_0)
            // Only the fused kernel reads quantized values, also where it was measured to be slower.
            options.flashAttention = request.flashAttention ?? .auto
        }
        return options
    }

    func find() async throws -> FoundSettings {
        let placing = PlacementSearch(search: self)
        let least = parallelCounts.last ?? 1
        for quantized in mayQuantize ? [false, true] : [false] {
            for speculation in speculations {
                for parallel in parallelCounts {
                    let wanted = options(
                        length: neededLength, parallel: parallel, speculation: speculation, quantized: quantized)
                    if let found = try await placing.place(wanted) { return found }
                }
                guard !lengthIsAsked, neededLength > Self.leastContextLength else { continue }
                let shortest = options(length: Self.leastContextLength, parallel: least, speculation: speculation)
                if let found = try await placing.place(shortest) { return try await lengthened(found) }
            }
        }
        let length = lengthIsAsked ? neededLength : min(neededLength, Self.leastContextLength)
        return try await placing.nearest(
            options(length: length, parallel: least, speculation: false, quantized: mayQuantize))
    }

    /// The longest context that fits with layers where they are.
    private func lengthened(_ found: FoundSettings) async throws -> FoundSettings {
        let steps = (Self.leastContextLength / Self.step)...max(Self.leastContextLength, neededLength) / Self.step
        func with(_ step: Int) -> LoadOptions {
            var options = found.options
            options.contextLength = step * Self.step
            return options
        }
        guard let best = try await source.largest(steps, options: with),
            let memory = try await source.estimates([with(best)]).first,
            machine.fits(memory)
        else { return found }
        var longer = found
        (longer.options, longer.memory) = (with(best), memory)
        return longer
    }
}

import Inference

/// Where figures come from: the engine, for the machine that it runs on, or the closed form.
struct EstimateSource: Sendable {
    let form: ClosedForm
    let machine: PlannedMachine
    /// The engine and the headers that it reads; `nil` computes.
    let exact: (estimator: any MemoryEstimator, headers: ModelHeaderSet)?

    var isExact: Bool { exact != nil }

    /// One estimate for each of `options`, in their order.
    func estimates(_ options: [LoadOptions]) async throws -> [MemoryEstimate] {
        if let exact { return try await exact.estimator.estimates(of: exact.headers, options: options) }
        return options.map(computed)
    }

    /// By the closed form.
    func computed(_ options: LoadOptions) -> MemoryEstimate {
        let graphics = used(by: options)
        return form.estimate(
            options, graphics: graphics.map(\.name), shares: graphics.map { Double($0.memoryByteCount) })
    }

    func used(by options: LoadOptions) -> [PlannedDevice] {
        guard options.gpuLayerCount != 0 else { return [] }
        guard let names = options.devices else { return machine.usedGraphics }
        return names.compactMap { name in machine.graphics.first { $0.name == name } }
    }

    /// The largest number of a range that `options` makes a load of that fits; `nil` when none does. More must never need
    /// less. Several are asked about at once, so that two or three rounds do.
    func largest(_ range: ClosedRange<Int>, options: (Int) -> LoadOptions) async throws -> Int? {
        var (low, high) = (range.lowerBound - 1, range.upperBound + 1)
        // `low` fits (or is below all), `high` does not (or is above all).
        while high - low > 1 {
            let width = high - low
            let places = Array(Set((1...7).map { low + max(1, min(width - 1, width * $0 / 8)) })).sorted()
            let estimates = try await estimates(places.map(options))
            for (place, estimate) in zip(places, estimates) {
                if machine.fits(estimate) {
                    low = max(low, place)
                } else {
                    high = min(high, place)
                    break
                }
            }
            if high <= low { break }
        }
        return low >= range.lowerBound ? low : nil
    }
}

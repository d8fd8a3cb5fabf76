import Inference
import ModelFormats

/// The roofline of a model with its settings on a machine: each token reads the weights that it goes through and the
/// cache, each token of a prompt is multiplied with them; devices work one after the other.
struct SpeedModel {
    let geometry: ModelGeometry
    let machine: PlannedMachine
    let options: LoadOptions
    let context: ContextSize
    /// The GPUs that the options use, in their order.
    let graphics: [PlannedDevice]

    /// Tokens that a prompt has on average when it is computed: `pp512` as benchmarks have it.
    private static let promptLength = 512.0

    /// What one device does for a token.
    private struct Work {
        /// Bytes of weights, by the name of their type.
        var bytes: [String: Double] = [:]
        /// Multiplications and additions with them.
        var operations: [String: Double] = [:]
        /// Bytes of the cache for each token that it has.
        var cachePerToken = 0.0
        /// Bytes of states, and of windows when they are full.
        var cacheFixed = 0.0
        /// Operations of attention for each token that the cache has.
        var attentionPerToken = 0.0

        /// - Parameter isOutput: whether only the last token of a prompt goes through it.
        mutating func add(_ group: WeightGroup, share: Double, isOutput: Bool = false) {
            bytes[group.type.name, default: 0] += Double(group.byteCount) * share
            guard !isOutput else { return }
            operations[group.type.name, default: 0] += 2 * Double(group.elementCount) * share
        }
    }

    func expectation() -> SpeedExpectation {
        let works = works()
        let read = works.values.reduce(0) { $0 + $1.bytes.values.reduce(0, +) }
        var answer = SpeedExpectation(
            byteCountPerToken: Int64(bytes: read), isMeasured: works.keys.allSatisfy(isMeasured))
        if let times = seconds(works, { decodeSeconds($0, $1, depth: 0) }) {
            answer.decodeTokensPerSecond = rate(times)
            answer.decodeLimit = slowest(times).map { "reading memory on \($0)" }
        }
        answer.fullContextTokensPerSecond = seconds(
            works, { decodeSeconds($0, $1, depth: Double(context.contextLength)) }
        ).flatMap(rate)
        if let times = seconds(works, prefillSeconds) {
            answer.prefillTokensPerSecond = rate(times)
            answer.prefillLimit = slowest(times).map { "computing on \($0)" }
        }
        if answer.decodeTokensPerSecond == nil || answer.prefillTokensPerSecond == nil {
            answer.hint =
                machine.isHere
                ? "Measure this machine's limits with “roost hardware --measure”."
                : answer.decodeTokensPerSecond == nil
                    ? "Add the memory's bandwidth to the description, such as “1008GB/s gpu” or “32GB ram 80GB/s”."
                    : nil
        }
        return answer
    }

    // MARK: Work

    private func works() -> [String: Work] {
        let split = options.tensorSplit.flatMap { $0.count == graphics.count ? $0 : nil }
        let placement = Placement(
            of: geometry, options: options, shares: split ?? graphics.map { Double($0.memoryByteCount) })
        func name(_ device: Int?) -> String { device.map { graphics[$0].name } ?? "CPU" }
        var works: [String: Work] = [:]
        for (number, layer) in geometry.layers.enumerated() {
            let own = name(placement.layers[number])
            for group in layer.weights {
                let share = group.isExpert ? geometry.usedExpertShare : 1
                let device = group.isExpert && number < placement.expertsOnHost ? "CPU" : own
                works[device, default: Work()].add(group, share: share)
            }
            let width =
                Double(layer.keyWidth) * options.keyCacheType.byteCountPerValue
                + Double(layer.valueWidth) * options.valueCacheType.byteCountPerValue
            // Keys and values are multiplied with each query.
            let attention = 4 * Double(layer.headCount * max(layer.keyLength, layer.valueLength))
            if layer.isSliding {
                works[own, default: Work()].cacheFixed += width * Double(geometry.windowLength)
            } else {
                works[own, default: Work()].cachePerToken += width
                works[own, default: Work()].attentionPerToken += attention
            }
            works[own, default: Work()].cacheFixed += 8 * Double(layer.stateCount)
        }
        let output = name(placement.output)
        let table = geometry.isTied ? geometry.inputWeights.max { $0.byteCount < $1.byteCount } : nil
        // Of the table of embeddings one row is read for a token; as the output layer, all of it.
        for group in geometry.outputWeights + [table].compactMap({ $0 }) where geometry.hasMemory {
            works[output, default: Work()].add(group, share: 1, isOutput: true)
        }
        return works
    }

    // MARK: Time

    private func seconds(_ works: [String: Work], _ time: (String, Work) -> Double?) -> [String: Double]? {
        var times: [String: Double] = [:]
        for (device, work) in works {
            guard let seconds = time(device, work), seconds.isFinite else { return nil }
            times[device] = seconds
        }
        return times
    }

    private func decodeSeconds(_ device: String, _ work: Work, depth: Double) -> Double? {
        var seconds = 0.0
        for (type, bytes) in work.bytes where bytes > 0 {
            guard let bandwidth = bandwidth(device, type) else { return nil }
            seconds += bytes / bandwidth
        }
        guard let bandwidth = bandwidth(device, options.keyCacheType.fileType.name) else { return nil }
        let fixed =
            geometry.windowLength > 0
            ? work.cacheFixed * min(1, depth / Double(geometry.windowLength)) : work.cacheFixed
        return seconds + (work.cachePerToken * depth + fixed) / bandwidth
    }

    private func prefillSeconds(_ device: String, _ work: Work) -> Double? {
        var seconds = 0.0
        var slowest = Double.infinity
        for (type, operations) in work.operations where operations > 0 {
            guard let kernel = machine.ceiling?.kernel(device: device, type: type), kernel.flopsPerSecond > 0 else {
                return nil
            }
            seconds += operations / kernel.flopsPerSecond
            slowest = min(slowest, kernel.flopsPerSecond)
        }
        guard slowest.isFinite else { return 0 }
        return seconds + work.attentionPerToken * Self.promptLength / 2 / slowest
    }

    private func bandwidth(_ device: String, _ type: String) -> Double? {
        if let kernel = machine.ceiling?.kernel(device: device, type: type) { return kernel.bytesPerSecond }
        let known = device == "CPU" ? machine.bytesPerSecond : graphics.first { $0.name == device }?.bytesPerSecond
        return known.flatMap { $0 > 0 ? $0 : nil }
    }

    private func isMeasured(_ device: String) -> Bool {
        machine.ceiling?.kernels.contains { $0.device == device } ?? false
    }

    private func rate(_ times: [String: Double]) -> Double? {
        let sum = times.values.reduce(0, +)
        return sum > 0 ? 1 / sum : nil
    }

    private func slowest(_ times: [String: Double]) -> String? { times.max { $0.value < $1.value }?.key }
}

/// What a batch costs by its size, as measured: one per context, fed by the scheduler, read by every sequence's
/// ``SpeculationGovernor``.
///
/// Costs are measured rather than computed, because they have no simple form: on a GPU sixteen tokens cost hardly more
/// than one; on a CPU two cost twice as much, and eight less than five (another kernel takes over).
struct BatchCosts: Sendable, Hashable {
    /// Sizes above this are not told apart.
    static let sizeLimit = 256
    /// What one more token is taken to cost, in batches of one, before anything larger was measured: hopeful, so that it
    /// is tried.
    private static let hopedSlope = 0.1
    /// Weight of a new measurement against all before.
    private static let leastWeight = 0.1
    /// A measurement counts at most this many times as much as the mean: the machine did something else meanwhile.
    private static let outlierLimit = 2.0

    private struct Mean: Sendable, Hashable {
        var seconds = 0.0
        var count = 0

        mutating func add(_ value: Double) {
            count = min(count + 1, 1_000_000)
            let value = count > 2 ? min(value, seconds * BatchCosts.outlierLimit) : value
            // The first calls are slower (cold caches, first touch); the least of two is the better beginning.
            seconds =
                count <= 2
                ? (count == 1 ? value : min(value, seconds))
                : seconds + (value - seconds) * max(1 / Double(count), BatchCosts.leastWeight)
        }
    }

    private var means = [Mean](repeating: Mean(), count: BatchCosts.sizeLimit + 1)

    /// Notes how long a batch took in which every token had its logits computed (a decoding batch; no prompt), with
    /// what choosing its tokens took.
    mutating func record(tokenCount: Int, duration: Duration) {
        guard tokenCount > 0, tokenCount <= Self.sizeLimit, duration > .zero else { return }
        means[tokenCount].add(duration / .seconds(1))
    }

    /// Whether a batch of exactly this size was measured.
    func isMeasured(_ tokenCount: Int) -> Bool { means.indices.contains(tokenCount) && means[tokenCount].count > 0 }

    /// Seconds that a batch takes: measured, or between the nearest measured sizes on a line; `nil` before any was.
    func seconds(_ tokenCount: Int) -> Double? {
        guard tokenCount > 0 else { return 0 }
        let size = min(tokenCount, Self.sizeLimit)
        if means[size].count > 0 { return scaled(means[size].seconds, tokenCount) }
        let below = (1..<size).last { means[$0].count > 0 }
        let above = size < Self.sizeLimit ? (size + 1...Self.sizeLimit).first { means[$0].count > 0 } : nil
        switch (below, above) {
        case (let below?, let above?):
            let part = Double(size - below) / Double(above - below)
            return means[below].seconds + part * (means[above].seconds - means[below].seconds)
        case (let below?, nil):
            // On the line of the last two, or hopefully when there is one alone.
            let first = (1..<below).first { means[$0].count > 0 }
            let slope =
                first.map { (means[below].seconds - means[$0].seconds) / Double(below - $0) }
                ?? means[below].seconds / (1 + Double(below - 1) * Self.hopedSlope) * Self.hopedSlope
            return scaled(means[below].seconds + max(0, slope) * Double(size - below), tokenCount)
        case (nil, let above?):
            // A smaller batch than any: at least as cheap in proportion to the hoped slope.
            return means[above].seconds * (1 + Double(size - 1) * Self.hopedSlope)
                / (1 + Double(above - 1) * Self.hopedSlope)
        case (nil, nil): return nil
        }
    }

    private func scaled(_ seconds: Double, _ tokenCount: Int) -> Double {
        tokenCount > Self.sizeLimit ? seconds * Double(tokenCount) / Double(Self.sizeLimit) : seconds
    }
}

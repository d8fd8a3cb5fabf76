/// What some measurements of one thing say together.
public struct SampleStatistics: Sendable, Hashable, Codable {
    /// How many there are.
    public let count: Int
    /// The middle one; of an even number, half way between the two in the middle.
    public let median: Double
    /// The median of the distances from the median: a spread that single outliers do not change.
    public let medianAbsoluteDeviation: Double
    /// Their sum by their count.
    public let mean: Double
    /// The sample's standard deviation (n − 1); 0 for a single one.
    public let standardDeviation: Double
    /// The smallest.
    public let least: Double
    /// The largest.
    public let most: Double

    /// The standard deviation in relation to the mean: above 0.05 the machine was not quiet.
    public var coefficientOfVariation: Double { mean == 0 ? 0 : standardDeviation / abs(mean) }

    /// `nil` when there are none, or one is not finite.
    public init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let least = sorted.first, let most = sorted.last, values.allSatisfy(\.isFinite) else { return nil }
        count = values.count
        let median = Self.middle(of: sorted)
        self.median = median
        medianAbsoluteDeviation = Self.middle(of: values.map { abs($0 - median) }.sorted())
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardDeviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
        self.least = least
        self.most = most
    }

    /// The median of values that are sorted and not empty.
    static func middle(of sorted: [Double]) -> Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// How many times as much one thing is as another, from measurements that were taken in pairs, one after the other: what
/// the machine did meanwhile was the same for both.
public struct PairedRatio: Sendable, Hashable, Codable {
    /// The median of the pairs' ratios.
    public let estimate: Double
    /// The lower end of the interval that has the true ratio in it 95 times in 100.
    public let low: Double
    /// Its upper end.
    public let high: Double
    /// How many pairs there are.
    public let pairCount: Int

    /// Whether the interval says that it is not 1.
    public var isSeparated: Bool { low > 1 || high < 1 }

    /// Draws of the bootstrap.
    static let drawCount = 4000

    /// The ratio of `values` to `others`, with the interval of a percentile bootstrap (Efron 1979): medians of as many
    /// pairs, drawn again and again from those that there are. The same pairs always give the same interval.
    ///
    /// `nil` when there are none, not as many of both, or one is not above zero.
    public init?(_ values: [Double], to others: [Double]) {
        guard !values.isEmpty, values.count == others.count,
            (values + others).allSatisfy({ $0.isFinite && $0 > 0 })
        else { return nil }
        let ratios = zip(values, others).map { $0 / $1 }
        estimate = SampleStatistics.middle(of: ratios.sorted())
        pairCount = ratios.count
        var generator = SplitMix(state: 0x526f_6f73_7421_2121)
        var medians = (0..<Self.drawCount).map { _ in
            SampleStatistics.middle(
                of: (0..<ratios.count).map { _ in ratios[Int.random(in: 0..<ratios.count, using: &generator)] }.sorted()
            )
        }
        medians.sort()
        low = medians[Self.drawCount / 40]
        high = medians[Self.drawCount - 1 - Self.drawCount / 40]
    }
}

/// Steele, Lea and Flood's SplitMix64.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

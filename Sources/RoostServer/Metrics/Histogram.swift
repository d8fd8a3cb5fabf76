import Roost

/// How often values fell between given bounds (a Prometheus histogram).
struct Histogram: Sendable {
    /// Upper bounds, rising; what is larger counts for `+Inf`.
    let bounds: [Double]
    /// How many fell under each bound and not under the one before; the last is for `+Inf`.
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values there were.
    var count: Int { counts.reduce(0, +) }

    mutating func add(_ value: Double) {
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts[index] += 1
        sum += value
    }

    /// Adds what another one of the same bounds has.
    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }

    /// Seconds of whole requests, from a list to a long answer.
    static let requestBounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
    /// Seconds to a first token.
    static let firstTokenBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    /// Seconds between tokens.
    static let betweenTokensBounds = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1]
}

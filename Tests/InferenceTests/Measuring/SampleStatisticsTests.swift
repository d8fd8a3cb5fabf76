import Foundation
import Testing

@testable import Inference

@Suite("Statistics of measurements")
struct SampleStatisticsTests {
    @Test(
        "are those that can be worked out by hand",
        arguments: [
            ([3], 3, 0, 3, 0),
            ([1, 3], 2, 1, 2, 2.squareRoot()),
            ([5, 1, 3], 3, 2, 3, 2),
            // Median 2, distances 1 1 0 0 2 4 7.
            ([1, 1, 2, 2, 4, 6, 9], 2, 1, 25.0 / 7, (376.0 / 42).squareRoot()),
            ([2, 4, 4, 4, 5, 5, 7, 9], 4.5, 0.5, 5, (32.0 / 7).squareRoot()),
        ] as [([Double], Double, Double, Double, Double)])
    func known(values: [Double], median: Double, deviation: Double, mean: Double, standardDeviation: Double) throws {
        let statistics = try #require(SampleStatistics(values))
        #expect(statistics.median == median)
        #expect(statistics.medianAbsoluteDeviation == deviation)
        #expect(abs(statistics.mean - mean) < 1e-12)
        #expect(abs(statistics.standardDeviation - standardDeviation) < 1e-12)
        #expect(statistics.least == values.min() && statistics.most == values.max())
        #expect(statistics.count == values.count)
    }

    @Test("do not exist for nothing, nor for what is no number")
    func refused() {
        #expect(SampleStatistics([]) == nil)
        #expect(SampleStatistics([1, .nan]) == nil)
        #expect(SampleStatistics([1, .infinity]) == nil)
        #expect(PairedRatio([], to: []) == nil)
        #expect(PairedRatio([1], to: [1, 2]) == nil)
        #expect(PairedRatio([1], to: [0]) == nil)
        #expect(PairedRatio([.nan], to: [1]) == nil)
    }

    @Test("hardly move with one outlier, where the mean does")
    func outlier() throws {
        let quiet = try #require(SampleStatistics([10, 10.1, 9.9, 10, 10.2, 9.8]))
        let disturbed = try #require(SampleStatistics([10, 10.1, 9.9, 10, 10.2, 1]))
        #expect(abs(quiet.median - disturbed.median) < 0.06)
        #expect(abs(quiet.medianAbsoluteDeviation - disturbed.medianAbsoluteDeviation) < 0.06)
        #expect(quiet.mean - disturbed.mean > 1)
        #expect(disturbed.coefficientOfVariation > 0.05 && quiet.coefficientOfVariation < 0.05)
    }

    @Test("of pairs with one ratio leave no doubt of it")
    func exactRatio() throws {
        let ratio = try #require(PairedRatio([2, 4, 6, 8, 10], to: [1, 2, 3, 4, 5]))
        #expect(ratio.estimate == 2 && ratio.low == 2 && ratio.high == 2 && ratio.isSeparated)
    }

    /// For 5 pairs the medians of draws can be counted: the median is the smallest when 3 of 5 draws are, which
    /// happens in 5.79 of 100, so that the interval of 95 goes from the smallest to the largest.
    @Test("of five pairs have an interval from the least to the most")
    func fivePairs() throws {
        let ratio = try #require(PairedRatio([1.1, 1.2, 1.3, 1.4, 1.5], to: [1, 1, 1, 1, 1]))
        #expect(ratio.estimate == 1.3)
        #expect(ratio.low == 1.1 && ratio.high == 1.5)
        #expect(ratio.pairCount == 5)
    }

    @Test("give the same interval for the same pairs, and are not fooled by a drift of the machine")
    func drift() throws {
        let base = (0..<15).map { 100 - 4 * Double($0) }
        let noise = (0..<15).map { 1 + 0.01 * sin(Double($0) * 12.9898) }
        let values = zip(base, noise).map { $0 * 1.1 * $1 }
        let ratio = try #require(PairedRatio(values, to: base))
        #expect(ratio == PairedRatio(values, to: base))
        #expect(ratio.low > 1.08 && ratio.high < 1.12 && ratio.isSeparated)
    }

    @Test("have the true ratio in their interval about as often as they say")
    func coverage() throws {
        var generator = SplitMix(state: 7)
        var hits = 0
        let rounds = 60
        for _ in 0..<rounds {
            let values = (0..<11).map { _ in Double.random(in: 0.9...1.1, using: &generator) }
            let others = (0..<11).map { _ in Double.random(in: 0.9...1.1, using: &generator) }
            let ratio = try #require(PairedRatio(values, to: others))
            if ratio.low <= 1, ratio.high >= 1 { hits += 1 }
        }
        #expect(hits >= rounds * 85 / 100, "\(hits) of \(rounds)")
    }
}

import ModelFixtures
import Testing

@testable import Inference

@Suite("How many tokens to propose")
struct SpeculationGovernorTests {
    /// A processor on which a batch of `n` takes `1 + slope × (n − 1)` hundredths of a second.
    private func costs(slope: Double, sizes: [Int] = [1, 2, 4, 8, 16, 32, 64]) -> BatchCosts {
        var costs = BatchCosts()
        for size in sizes { costs.record(tokenCount: size, duration: .seconds(0.01 * (1 + slope * Double(size - 1)))) }
        return costs
    }

    private func matches(_ length: Int, count: Int) -> [DraftStrength] {
        (0..<count).map { DraftStrength(matchLength: length + $0, isNear: false) }
    }

    @Test("Where batches cost nothing more, all is taken; where they cost in proportion, nothing")
    func extremes() {
        var governor = SpeculationGovernor()
        let proposed = matches(16, count: 31)
        #expect(governor.count(of: proposed, room: 63, others: 0, costs: costs(slope: 0)) == 31)
        #expect(governor.count(of: proposed, room: 63, others: 0, costs: costs(slope: 1)) == 0)
        #expect(governor.count(of: [], room: 63, others: 0, costs: costs(slope: 0)) == 0)
        #expect(governor.count(of: proposed, room: 0, others: 0, costs: costs(slope: 0)) == 0)
        #expect(governor.count(of: proposed, room: 5, others: 0, costs: costs(slope: 0)) <= 5)
    }

    @Test("Nothing is proposed before a single token was measured")
    func unmeasured() {
        var governor = SpeculationGovernor()
        #expect(governor.limit(room: 63, others: 0, costs: BatchCosts()) == 0)
        #expect(governor.count(of: matches(32, count: 15), room: 63, others: 0, costs: BatchCosts()) == 0)
        #expect(governor.count(of: matches(32, count: 15), room: 63, others: 0, costs: costs(slope: 0, sizes: [1])) > 0)
    }

    /// Two cores with Gemma 3 270M Q4_K_M, milliseconds as measured: five tokens cost more than eight.
    private func measured() -> BatchCosts {
        var costs = BatchCosts()
        let milliseconds = [
            1: 12.3, 2: 25.0, 3: 31.9, 4: 37.7, 5: 54.1, 6: 58.7, 8: 47.7, 12: 61.4, 16: 71.9, 24: 94.8, 32: 121,
            48: 173, 64: 223,
        ]
        for (size, time) in milliseconds { costs.record(tokenCount: size, duration: .milliseconds(time)) }
        return costs
    }

    @Test("On a processor where small batches do not pay, long sure matches go in large batches, weak ones not at all")
    func steps() {
        var governor = SpeculationGovernor()
        let sure = governor.count(of: matches(32, count: 63), room: 63, others: 0, costs: measured())
        #expect(sure >= 15)
        #expect(governor.count(of: matches(3, count: 4), room: 63, others: 0, costs: measured()) == 0)
        #expect(governor.count(of: matches(4, count: 5), room: 63, others: 0, costs: measured()) == 0)
    }

    @Test("The count is the one with the most tokens a second", arguments: 0..<50)
    func best(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var costs = BatchCosts()
        let seconds = (0...64).map { size in 0.01 + Double(size) * Double.random(in: 0.0005...0.004, using: &random) }
        for size in 1...64 { costs.record(tokenCount: size, duration: .seconds(seconds[size])) }
        let others = Int.random(in: 0...8, using: &random)
        let proposed = matches(Int.random(in: 1...30, using: &random), count: 40)
        var governor = SpeculationGovernor()
        let count = governor.count(of: proposed, room: 63, others: others, costs: costs)
        func rate(_ count: Int) -> Double {
            var reach = 1.0
            var expected = 0.0
            for strength in proposed.prefix(count) {
                reach *= governor.acceptance(strength)
                expected += reach
            }
            return (Double(others + 1) + expected) / seconds[others + 1 + count]
        }
        let highest = (0...40).map(rate).max() ?? 0
        #expect(rate(count) >= highest / 1.051)
        if count > 0 { #expect(abs(rate(count) - highest) < highest * 1e-5) }
    }

    @Test("More sequences in the batch leave less to gain")
    func others() {
        var governor = SpeculationGovernor()
        // Twelve cost as much as one, more cost in proportion: others fill the room that costs nothing.
        var costs = BatchCosts()
        for size in 1...256 { costs.record(tokenCount: size, duration: .seconds(0.01 * max(1, Double(size) / 12))) }
        let proposed = matches(9, count: 20)
        #expect(governor.count(of: proposed, room: 63, others: 0, costs: costs) >= 10)
        #expect(governor.count(of: proposed, room: 63, others: 60, costs: costs) == 0)
    }

    /// A sequence of `steps` batches in which the first `right` proposed tokens of each are right.
    private func run(
        _ governor: inout SpeculationGovernor, steps: Int, right: Int, costs: BatchCosts, proposed: [DraftStrength]
    ) -> (tokens: Int, seconds: Double, drafts: [Int]) {
        var result = (tokens: 0, seconds: 0.0, drafts: [Int]())
        for _ in 0..<steps {
            let limit = governor.limit(room: 63, others: 0, costs: costs)
            let offered = Array(proposed.prefix(limit))
            let count = governor.count(of: offered, room: 63, others: 0, costs: costs)
            let accepted = min(right, count)
            governor.record(offered.prefix(count), accepted: accepted, others: 0, costs: costs)
            result.tokens += 1 + accepted
            result.seconds += costs.seconds(1 + count) ?? 0
            result.drafts.append(count)
        }
        return result
    }

    @Test("When proposals are always wrong it turns itself off, and tries again ever more rarely")
    func off() {
        var governor = SpeculationGovernor()
        let costs = costs(slope: 0.1)
        let result = run(&governor, steps: 4000, right: 0, costs: costs, proposed: matches(9, count: 31))
        let tries = result.drafts.indices.filter { result.drafts[$0] > 0 }
        #expect(tries.count >= 6)
        #expect(tries.count < 40)
        let gaps = zip(tries, tries.dropFirst()).map { $1 - $0 }
        #expect(gaps.last ?? 0 > 500)
        // Less than five per cent lost over all.
        #expect(result.seconds < 4000 * 0.01 * 1.05)
    }

    @Test("It comes back when proposals are right again")
    func back() {
        var governor = SpeculationGovernor()
        let costs = costs(slope: 0.1)
        let proposed = matches(9, count: 31)
        _ = run(&governor, steps: 300, right: 0, costs: costs, proposed: proposed)
        let result = run(&governor, steps: 1500, right: 31, costs: costs, proposed: proposed)
        #expect(!governor.isOff)
        #expect(result.drafts.suffix(100).allSatisfy { $0 > 0 })
        #expect(Double(result.tokens) / result.seconds > 150)
    }

    @Test("What is always right is proposed all the time and more of it")
    func right() {
        var governor = SpeculationGovernor()
        let costs = measured()
        let result = run(&governor, steps: 100, right: 63, costs: costs, proposed: matches(9, count: 63))
        #expect(!governor.isOff)
        #expect(governor.acceptance(.match32) > 0.98)
        #expect(result.drafts.last ?? 0 >= 31)
        #expect(Double(result.tokens) / result.seconds > 2.5 / 0.0123)
        #expect(governor.acceptedCount == governor.draftedCount)
    }

    @Test("Whatever share is right, little is lost against no speculation", arguments: [0, 1, 2, 3, 5, 8, 12, 20])
    func neverMuchWorse(right: Int) {
        for costs in [measured(), costs(slope: 0.05), costs(slope: 0.3), costs(slope: 1)] {
            var governor = SpeculationGovernor()
            let result = run(&governor, steps: 2000, right: right, costs: costs, proposed: matches(6, count: 31))
            let plain = Double(result.tokens) * (costs.seconds(1) ?? 0)
            #expect(result.seconds < plain * 1.06)
        }
    }

    @Test("A drafter that costs time is asked for no more than pays")
    func costlyDrafter() {
        var governor = SpeculationGovernor()
        let costs = costs(slope: 0.05)
        #expect(governor.limit(room: 63, others: 0, costs: costs) == 63)
        governor.recordProposal(tokenCount: 8, duration: .milliseconds(8))
        let cheap = governor.limit(room: 63, others: 0, costs: costs)
        #expect(cheap > 0)
        var costly = SpeculationGovernor()
        costly.recordProposal(tokenCount: 1, duration: .milliseconds(9))
        #expect(costly.limit(room: 63, others: 0, costs: costs) < cheap)
        costly.recordProposal(tokenCount: 1, duration: .seconds(1))
        #expect(costly.limit(room: 63, others: 0, costs: costs) == 0)
    }

    @Test("A new sequence begins with what the one before learned, and is not off")
    func inherits() {
        var governor = SpeculationGovernor()
        let costs = costs(slope: 0.1)
        _ = run(&governor, steps: 500, right: 0, costs: costs, proposed: matches(9, count: 31))
        let next = SpeculationGovernor(after: governor)
        #expect(next.acceptance(.match9) == governor.acceptance(.match9))
        #expect(!next.isOff)
        #expect(next.draftedCount == 0)
    }
}

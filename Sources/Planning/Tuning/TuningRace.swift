public import Inference

/// Finds the fastest of some candidates with few measurements, and says whether it really beats the default: a value
/// apart from what measures.
///
/// Successive halving: all candidates run in laps, one after the other and back again, so that what the machine does
/// meanwhile is the same for all; after each heat the slower half goes. The last one left runs against the default in
/// pairs. Only those pairs decide: the figures by which it was chosen would flatter it.
public struct TuningRace: Sendable {
    /// What to do next.
    public enum Step: Sendable, Hashable {
        /// One run of each of these, in this order.
        case run([Int])
        /// It is decided.
        case done(TuningVerdict)
    }

    /// A candidate wins when it is faster by more than this.
    public static let leastGain = 1.03
    /// Laps of a heat.
    static let lapCount = 2
    /// Pairs of the final: fewer decide nothing, more are not needed.
    static let pairCounts = 7...15
    /// As many are enough when time is short.
    static let fewestPairCount = 5

    /// What each candidate has reached, in the order of its runs; the default is the first one. More is better.
    public private(set) var samples: [[Double]]
    /// The pairs of the final.
    public private(set) var finalSamples: (default: [Double], challenger: [Double]) = ([], [])
    private var remaining: [Int]
    private var lap = 0
    private var isFinal = false

    /// A race of `candidateCount` candidates, of which the default is number 0.
    public init(candidateCount: Int) {
        samples = Array(repeating: [], count: max(1, candidateCount))
        remaining = Array(samples.indices.dropFirst())
    }

    /// Runs of a race that is decided as soon as it can be.
    public static func expectedRunCount(candidateCount: Int) -> Int {
        var (others, count) = (candidateCount - 1, 0)
        while others > 1 {
            count += lapCount * (others + 1)
            others -= others / 2
        }
        return others > 0 ? count + 2 * pairCounts.lowerBound : 0
    }

    /// Notes what a run has reached. A candidate that cannot be run is out with `nil`.
    public mutating func record(_ value: Double?, of candidate: Int) {
        guard samples.indices.contains(candidate) else { return }
        guard let value, value.isFinite, value > 0 else {
            remaining.removeAll { $0 == candidate }
            return
        }
        if isFinal {
            if candidate == 0 { finalSamples.default.append(value) } else { finalSamples.challenger.append(value) }
        } else {
            samples[candidate].append(value)
        }
    }

    /// What to do now.
    ///
    /// - Parameter affordableRunCount: runs that there is time for.
    public mutating func next(affordableRunCount: Int) -> Step {
        if !isFinal, let step = nextHeat(affordableRunCount) { return step }
        guard let challenger = remaining.first else { return .done(verdict(of: nil)) }
        isFinal = true
        let pairCount = min(finalSamples.default.count, finalSamples.challenger.count)
        if pairCount >= Self.pairCounts.upperBound || affordableRunCount < 2 || isDecided(pairCount) {
            return .done(verdict(of: challenger))
        }
        return .run(pairCount % 2 == 0 ? [0, challenger] : [challenger, 0])
    }

    /// `nil` when the final is next.
    private mutating func nextHeat(_ affordable: Int) -> Step? {
        if lap > 0, lap % Self.lapCount == 0 { halve() }
        guard remaining.count > 1 else { return nil }
        let cost = remaining.count + 1
        // The final must be possible after it.
        guard affordable >= cost + 2 * Self.fewestPairCount else {
            // Nothing is known of them yet: all are still in it when there is time again.
            if samples[0].isEmpty { return .done(verdict(of: nil)) }
            remaining = [fastest()]
            return nil
        }
        let order = [0] + remaining
        lap += 1
        return .run(lap % 2 == 1 ? order : order.reversed())
    }

    private mutating func halve() {
        guard remaining.count > 1 else { return }
        remaining = remaining.sorted { median($0) > median($1) }
        remaining.removeLast(remaining.count / 2)
        if remaining.count == 1 { return }
        lap = 0
    }

    private func fastest() -> Int { remaining.max { median($0) < median($1) } ?? 0 }

    private func median(_ candidate: Int) -> Double { SampleStatistics(samples[candidate])?.median ?? 0 }

    private var ratio: PairedRatio? {
        let count = min(finalSamples.default.count, finalSamples.challenger.count)
        return PairedRatio(
            Array(finalSamples.challenger.prefix(count)), to: Array(finalSamples.default.prefix(count)))
    }

    /// Whether more pairs would hardly change what is known.
    private func isDecided(_ pairCount: Int) -> Bool {
        guard pairCount >= Self.pairCounts.lowerBound, let ratio else { return false }
        return ratio.low > Self.leastGain || ratio.high < Self.leastGain
    }

    private func verdict(of challenger: Int?) -> TuningVerdict {
        guard let challenger else {
            let hasRun = samples.count == 1 || !samples[0].isEmpty || !finalSamples.default.isEmpty
            return TuningVerdict(winner: 0, challenger: nil, ratio: nil, outcome: hasRun ? .onlyCandidate : .noTime)
        }
        guard let ratio, ratio.pairCount >= Self.fewestPairCount else {
            return TuningVerdict(winner: 0, challenger: challenger, ratio: ratio, outcome: .noTime)
        }
        let wins = ratio.estimate > Self.leastGain && ratio.low > 1
        let outcome: TuningVerdict.Outcome =
            wins ? .faster : ratio.estimate > Self.leastGain ? .uncertain : .notFaster
        return TuningVerdict(winner: wins ? challenger : 0, challenger: challenger, ratio: ratio, outcome: outcome)
    }
}

/// How a race ended.
public struct TuningVerdict: Sendable, Hashable, Codable {
    /// Why it ended so.
    public enum Outcome: String, Sendable, Hashable, Codable {
        /// The winner is faster by more than 3 %, and the interval says that it is faster.
        case faster
        /// The best other candidate is not faster by more than 3 %.
        case notFaster
        /// It seems faster, but its interval does not say so.
        case uncertain
        /// There was nothing else that could be run.
        case onlyCandidate
        /// There was no time for enough runs.
        case noTime
    }

    /// The candidate that is to be used; 0 is the default.
    public var winner: Int
    /// The one that was compared with the default at last.
    public var challenger: Int?
    /// How many times as fast as the default that one is.
    public var ratio: PairedRatio?
    /// Why.
    public var outcome: Outcome

    /// An end.
    public init(winner: Int, challenger: Int?, ratio: PairedRatio?, outcome: Outcome) {
        self.winner = winner
        self.challenger = challenger
        self.ratio = ratio
        self.outcome = outcome
    }
}

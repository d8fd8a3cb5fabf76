/// Decides for one sequence how many proposed tokens are worth computing: a pure value, to which measurements come in.
///
/// Of a proposal of k tokens with chances p₁…pₖ to be right, Σᵢ p₁⋯pᵢ are expected to stay. Beside `others` tokens in the
/// batch that brings (others + 1 + Σ) / cost(others + 1 + k) tokens a second, and nothing is proposed unless that is
/// more than without. The chances are learned by ``DraftStrength``, the costs by ``BatchCosts``.
///
/// Where it lost more than it brought it turns itself off, and tries again after 32 tokens, then 64, … 1024.
///
/// ```swift
/// let limit = governor.limit(room: room, others: others, costs: costs)
/// let proposed = limit > 0 ? drafter.propose(limit) : []
/// let count = governor.count(of: drafter.strengths, room: room, others: others, costs: costs)
/// // decode [last] + proposed[..<count], sample each, keep those that agree
/// governor.record(drafter.strengths.prefix(count), accepted: accepted, others: others, costs: costs)
/// costs.record(tokenCount: others + 1 + count, duration: taken)
/// ```
struct SpeculationGovernor: Sendable, Hashable {
    /// Most tokens proposed at once.
    static let proposalLimit = 63
    /// Sizes of batches that are tried: kernels work in such steps. Others are used when they were measured.
    private static let ladder: Set<Int> = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    /// Most tokens that a model is asked for when nothing is known to pay.
    private static let probeLimit = 8
    /// What speculation has to bring at least, against errors of the estimates.
    private static let leastGain = 1.05
    private static let firstPause = 32
    private static let longestPause = 1024
    /// It turns itself off when it lost this many single tokens' time more than it brought.
    private static let lossLimit = 6.0

    /// How often tokens of one strength were right.
    private struct Rate: Sendable, Hashable {
        /// Measurements that the expectation before any counts as.
        private static let priorWeight = 4.0
        private static let memory = 1 - 1.0 / 48
        private var right = 0.0
        private var wrong = 0.0

        mutating func record(isRight: Bool) {
            right *= Self.memory
            wrong *= Self.memory
            if isRight { right += 1 } else { wrong += 1 }
        }

        func acceptance(_ expected: Double) -> Double {
            (right + expected * Self.priorWeight) / (right + wrong + Self.priorWeight)
        }
    }

    private var rates = [Rate](repeating: Rate(), count: DraftStrength.allCases.count)
    /// Tokens that the sequence went on by since proposed ones were last computed.
    private var sinceDraft = 0
    private var pause = SpeculationGovernor.firstPause
    /// What it lost beyond what it brought, in times of a single token; never below zero.
    private var loss = 0.0
    /// Seconds that proposing a token takes; next to nothing for n-grams.
    private var proposalSeconds = 0.0

    /// Whether it lost too much and waits.
    private(set) var isOff = false
    /// Proposed tokens that were computed, and those of them that were right.
    private(set) var draftedCount = 0
    private(set) var acceptedCount = 0

    /// A governor of a new sequence.
    ///
    /// - Parameter earlier: one of a sequence before, whose chances are a better beginning than general ones.
    init(after earlier: SpeculationGovernor? = nil) {
        if let earlier {
            rates = earlier.rates
            proposalSeconds = earlier.proposalSeconds
        }
    }

    /// How often a token of this strength is right, as far as is known.
    func acceptance(_ strength: DraftStrength) -> Double {
        rates[Int(strength.rawValue)].acceptance(strength.expectedAcceptance)
    }

    /// How many tokens a drafter should be asked for now; 0 when it need not be asked.
    ///
    /// - Parameters:
    ///   - room: most tokens that the sequence may still take, and that the batch has room for.
    ///   - others: tokens of other sequences in the same batch.
    func limit(room: Int, others: Int, costs: BatchCosts) -> Int {
        let room = min(room, Self.proposalLimit)
        guard room > 0, costs.seconds(1) != nil, !isOff || isProbeDue else { return 0 }
        // Asking n-grams costs nothing, so all they have is looked at; a model is not asked for more than may pay.
        guard proposalSeconds > 0 else { return room }
        if isProbeDue { return min(room, Self.probeLimit) }
        let likely = [DraftStrength](repeating: .probable95, count: room)
        return best(likely, others: others, costs: costs, perProposed: proposalSeconds, chance: acceptance)
    }

    /// How many of the proposed tokens to compute, from the first on; 0 is none.
    mutating func count(of strengths: [DraftStrength], room: Int, others: Int, costs: BatchCosts) -> Int {
        let strengths = Array(strengths.prefix(min(room, Self.proposalLimit)))
        guard !strengths.isEmpty, !isOff || isProbeDue else { return 0 }
        let count = best(strengths, others: others, costs: costs, perProposed: 0, chance: acceptance)
        if count > 0 || !isProbeDue { return count }
        // Long not tried: with the chances from before all measurements.
        return best(strengths, others: others, costs: costs, perProposed: 0) { $0.expectedAcceptance }
    }

    /// Notes how the computed ones of the proposed tokens went: the first `accepted` of them stayed.
    ///
    /// To be called after every batch that the sequence took part in; with no strengths when none was computed.
    mutating func record(
        _ strengths: some Collection<DraftStrength>, accepted: Int, others: Int, costs: BatchCosts
    ) {
        let accepted = min(max(0, accepted), strengths.count)
        for strength in strengths.prefix(accepted) { rates[Int(strength.rawValue)].record(isRight: true) }
        if accepted < strengths.count {
            // What comes behind the first wrong one says nothing.
            let wrong = strengths[strengths.index(strengths.startIndex, offsetBy: accepted)]
            rates[Int(wrong.rawValue)].record(isRight: false)
        }
        guard !strengths.isEmpty else {
            sinceDraft += 1
            return
        }
        draftedCount += strengths.count
        acceptedCount += accepted
        sinceDraft = 0
        weigh(drafted: strengths.count, accepted: accepted, others: others, costs: costs)
    }

    /// Notes what proposing took, for drafters that compute.
    mutating func recordProposal(tokenCount: Int, duration: Duration) {
        guard tokenCount > 0 else { return }
        let seconds = duration / .seconds(1) / Double(tokenCount)
        proposalSeconds = proposalSeconds == 0 ? seconds : proposalSeconds + (seconds - proposalSeconds) * 0.1
    }

    /// Notes that a drafter computed for `duration` and had nothing to propose.
    mutating func recordWaste(duration: Duration, others: Int, costs: BatchCosts) {
        guard let plain = costs.seconds(others + 1), plain > 0 else { return }
        sinceDraft = 0
        settle(gain: -(duration / .seconds(1)) / plain, isRefuted: true)
    }

    private var isProbeDue: Bool { sinceDraft >= pause }

    /// Time brought or lost, in times of a single token, and what follows from it.
    private mutating func weigh(drafted: Int, accepted: Int, others: Int, costs: BatchCosts) {
        guard let plain = costs.seconds(others + 1), let taken = costs.seconds(others + 1 + drafted), plain > 0 else {
            return
        }
        let proposing = proposalSeconds * Double(drafted)
        let saved = Double(accepted) * plain / Double(others + 1)
        settle(gain: (saved + plain - taken - proposing) / plain, isRefuted: accepted == 0)
    }

    private mutating func settle(gain: Double, isRefuted: Bool) {
        loss = max(0, loss - gain)
        if isOff {
            isOff = gain <= 0
            pause = isOff ? min(pause * 2, Self.longestPause) : Self.firstPause
            loss = isOff ? loss : 0
        } else if loss > Self.lossLimit {
            isOff = true
        } else if gain > 0 {
            pause = Self.firstPause
        } else if isRefuted {
            pause = min(pause + Self.firstPause, Self.longestPause)
        }
    }

    /// The count with the most tokens a second; 0 when none brings enough.
    private func best(
        _ strengths: [DraftStrength], others: Int, costs: BatchCosts, perProposed: Double,
        chance: (DraftStrength) -> Double
    ) -> Int {
        let base = others + 1
        guard let plain = costs.seconds(base), plain > 0 else { return 0 }
        var best = (count: 0, rate: Double(base) / plain * Self.leastGain)
        var reach = 1.0
        var expected = 0.0
        for (index, strength) in strengths.enumerated() {
            reach *= chance(strength)
            expected += reach
            let size = base + index + 1
            guard Self.ladder.contains(size) || costs.isMeasured(size) || size > 64, let taken = costs.seconds(size)
            else { continue }
            let rate = (Double(base) + expected) / (taken + perProposed * Double(index + 1))
            if rate > best.rate { best = (index + 1, rate) }
        }
        return best.count
    }
}

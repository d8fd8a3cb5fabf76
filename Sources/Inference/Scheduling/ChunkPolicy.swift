/// How many prompt tokens a turn computes beside the tokens of those who answer already.
///
/// Nobody answers: as many as a batch takes. Otherwise so few that the gap between two tokens of an answer stays
/// small: the time that they add to a turn is at most ``allowance``, by the speed that was measured, so a fast device
/// takes large pieces and a slow one small ones.
struct ChunkPolicy: Sendable {
    /// Most tokens of a batch.
    let batchSize: Int
    /// Most tokens that the engine computes at once; a turn of answers and prompts together does not exceed it.
    let microBatchSize: Int

    /// A turn without prompts, in seconds, and what each prompt token adds. Moving averages; `nil` is not known yet.
    private(set) var decodeSeconds: Double?
    private(set) var secondsPerToken: Double?

    /// A prompt goes on by at least this many tokens, or it would never end: below this the engine's cost of a batch
    /// is that of reading the weights, and more tokens cost nothing.
    static let leastCount = 32
    /// Before anything was measured.
    static let firstCount = 128
    /// What prompts may add to a turn: as much as two turns without, but no gap below 60 ms is worth slowing prompts
    /// down for (a quick reader takes a dozen tokens a second).
    static let stepMultiple = 2.0
    static let leastAllowance = 0.04

    init(batchSize: Int, microBatchSize: Int) {
        self.batchSize = batchSize
        self.microBatchSize = min(microBatchSize, batchSize)
    }

    /// Seconds that prompts may add to a turn.
    var allowance: Double { max(Self.leastAllowance, Self.stepMultiple * (decodeSeconds ?? 0)) }

    /// Prompt tokens for a turn in which `decodingCount` tokens of answers are computed.
    func promptTokenCount(decodingCount: Int) -> Int {
        guard decodingCount > 0 else { return batchSize }
        let room = microBatchSize - decodingCount
        // More answers than the engine computes at once: prompts go on all the same.
        guard room > Self.leastCount else { return min(Self.leastCount, max(0, batchSize - decodingCount)) }
        guard let secondsPerToken, secondsPerToken > 0 else { return min(Self.firstCount, room) }
        let count = allowance / secondsPerToken
        return min(room, max(Self.leastCount, count < Double(room) ? Int(count) : room))
    }

    /// Takes note of how long a turn took.
    mutating func record(decodingCount: Int, promptCount: Int, seconds: Double) {
        guard seconds > 0, seconds.isFinite else { return }
        if promptCount == 0 {
            decodeSeconds = Self.average(decodeSeconds, seconds)
        } else if promptCount >= Self.leastCount / 2 {
            let own = seconds - (decodingCount > 0 ? decodeSeconds ?? 0 : 0)
            secondsPerToken = Self.average(secondsPerToken, max(own, seconds * 0.05) / Double(promptCount))
        }
    }

    /// Recent values count more; one outlier counts little.
    private static func average(_ old: Double?, _ new: Double) -> Double {
        guard let old else { return new }
        return old + (min(new, 4 * old) - old) * 0.2
    }

    /// Shares `budget` among prompts with `remaining` tokens each, in order of arrival. The shortest goes first, so
    /// that it waits for no longer one; the oldest has a quarter for itself, so that it never starves.
    static func shares(of budget: Int, remaining: [Int]) -> [Int] {
        var shares = [Int](repeating: 0, count: remaining.count)
        guard let oldest = remaining.first else { return shares }
        shares[0] = min(oldest, remaining.count > 1 ? (budget + 3) / 4 : budget)
        var left = budget - shares[0]
        for index in remaining.indices.sorted(by: { (remaining[$0], $0) < (remaining[$1], $1) }) where left > 0 {
            let more = min(left, remaining[index] - shares[index])
            shares[index] += more
            left -= more
        }
        return shares
    }
}

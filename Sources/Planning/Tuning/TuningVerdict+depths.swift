import Inference

extension TuningVerdict {
    /// Whether a candidate that was compared at several depths of the cache is to be used: it must win at one, and lose
    /// at none by more than it would have to win.
    public static func isWinner(_ candidate: Int, at depths: [TuningVerdict]) -> Bool {
        let loses = depths.contains { verdict in
            verdict.challenger == candidate && (verdict.ratio.map { $0.estimate < 1 / TuningRace.leastGain } ?? false)
        }
        return !loses && depths.contains { $0.winner == candidate }
    }
}

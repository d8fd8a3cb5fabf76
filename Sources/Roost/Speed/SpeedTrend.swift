import Inference

/// Whether a model answers slower than it used to on the same machine, with the same engine.
struct SpeedTrend: Sendable, Hashable {
    /// Answers that are compared with all before them.
    private static let recentCount = 3
    /// Answers before those, so that there is something to compare with.
    private static let earlierCount = 5
    /// Part of the earlier speed below which something is wrong. Loads of other programs come and go; heat, a driver or
    /// swap space stay.
    private static let fall = 0.7

    /// Median of the last answers, in tokens per second.
    let recent: Double
    /// Median of the answers before.
    let earlier: Double

    /// `nil` when there are too few answers to tell.
    ///
    /// - Parameter speeds: tokens per second, the oldest first.
    init?(_ speeds: [Double]) {
        let speeds = speeds.filter { $0 > 0 && $0.isFinite }
        guard speeds.count >= Self.recentCount + Self.earlierCount,
            let recent = SampleStatistics(Array(speeds.suffix(Self.recentCount)))?.median,
            let earlier = SampleStatistics(Array(speeds.dropLast(Self.recentCount)))?.median
        else { return nil }
        (self.recent, self.earlier) = (recent, earlier)
    }

    /// Whether the speed fell by so much that it is worth a warning.
    var hasFallen: Bool { recent < earlier * Self.fall }
}

import Hardware
import Inference

/// What is worth measuring on a machine.
public enum TuningCandidates {
    /// Most of one setting.
    static let limit = 6

    /// Numbers of threads, the default first: fewer than it, and more, up to all hardware threads of the processor that
    /// this process may use.
    ///
    /// - Parameter quota: cores of its control groups' quota. More threads than that look fast in runs that are shorter
    ///   than the quota's period, and all of them wait in longer ones.
    public static func threadCounts(
        _ processor: CentralProcessor, default count: Int, quota: Double? = nil
    ) -> [Int] {
        let threads = max(processor.usableThreads.count, processor.usableCoreCount, 1)
        let all = min(threads, quota.flatMap { Int(exactly: max(1, $0.rounded(.up))) } ?? threads)
        let others = [
            processor.usableCoreCount, all, count - 1, count * 3 / 4, count / 2, count + 1,
            processor.usablePerformanceCoreCount ?? count,
        ]
        var counts = [count]
        for other in others where (1...all).contains(other) && !counts.contains(other) && counts.count < limit {
            counts.append(other)
        }
        return counts
    }

    /// Numbers of tokens that are computed at once, the default first.
    public static func microBatchSizes(_ options: LoadOptions) -> [Int] {
        [options.microBatchSize]
            + [256, 512, 1024, 2048].filter { $0 != options.microBatchSize && $0 <= options.batchSize }
    }

    /// Ways of attention, the default first. What is automatic is on wherever it can be.
    public static func flashAttention(_ options: LoadOptions) -> [FlashAttention] {
        // Quantized values are read by the fused kernel only.
        return options.flashAttention == .auto && !options.valueCacheType.isQuantized
            ? [.auto, .off] : [options.flashAttention]
    }
}

public import Foundation
public import Inference

/// What was predicted for a load, and what it took.
public struct PlanPrediction: Sendable, Hashable, Codable {
    /// The model's name when it was loaded.
    public var model: String
    /// `general.architecture`.
    public var architecture: String
    /// When it was unloaded.
    public var time: Date
    /// How it was loaded.
    public var options: LoadOptions
    /// What the plan said.
    public var predicted: ModelMemory
    /// What the plan said that the process would hold at its peak, mapped files included, in bytes: with ordinary texts,
    /// and at the most.
    public var predictedByteCount: Int64
    /// The upper of the two.
    public var predictedMostByteCount: Int64
    /// Bytes of both that were added to the engine's own figures because earlier loads took more; `nil` where the
    /// figures were computed and the engine was not asked.
    public var addedByteCount: Int64?
    /// What the engine accounts for.
    public var actual: ModelMemory
    /// The most that the process held; `nil` when the model had none of its own.
    public var peakByteCount: Int64?
    /// Tokens that it computed: with few, not all of its memory was touched.
    public var tokenCount: Int64

    /// How far the prediction was off, as a part of what it took: 0.02 is 2 % too much, 0 is between the two figures.
    public var error: Double? {
        guard let peakByteCount, peakByteCount > 0 else { return nil }
        let nearest = min(max(peakByteCount, predictedByteCount), predictedMostByteCount)
        return Double(nearest) / Double(peakByteCount) - 1
    }

    /// What the load took, as a multiple of the engine's own figures; `nil` where the engine was not asked, and where the
    /// peak is not known.
    var engineRatio: Double? {
        guard let addedByteCount, let peakByteCount, peakByteCount > 0 else { return nil }
        let nearest = min(
            max(peakByteCount, predictedByteCount - addedByteCount), predictedMostByteCount - addedByteCount)
        return Double(peakByteCount) / Double(max(1, nearest))
    }
}

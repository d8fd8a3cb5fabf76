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
    /// What the plan said that the process would hold at its peak, mapped files included, in bytes.
    public var predictedByteCount: Int64
    /// What the engine accounts for.
    public var actual: ModelMemory
    /// The most that the process held; `nil` when the model had none of its own.
    public var peakByteCount: Int64?
    /// Tokens that it computed: with few, not all of its memory was touched.
    public var tokenCount: Int64

    /// How far the prediction was off, as a part of what it took: 0.02 is 2 % too much.
    public var error: Double? {
        peakByteCount.flatMap { $0 > 0 ? Double(predictedByteCount) / Double($0) - 1 : nil }
    }
}

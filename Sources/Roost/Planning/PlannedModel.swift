public import Planning

/// How a model would be loaded on a machine, with what is known of both.
public struct PlannedModel: Sendable {
    /// The model, by its header.
    public var header: ModelHeader
    /// What it was planned for.
    public var machine: PlannedMachine
    /// Settings, memory, speed, and what to change if it does not fit.
    public var plan: ModelPlan
    /// Bytes that came over the network for it.
    public var receivedByteCount: Int64 { header.receivedByteCount }
}

public import Planning

/// A plan with what it is for: `roost plan --json`, `POST /roost/v1/plan`.
public struct PlanReport: Sendable, Encodable {
    /// What is known of the model.
    public struct Model: Sendable, Hashable, Encodable {
        /// Its name in the store, or what `pull` would call it.
        public let name: String
        /// `general.architecture`.
        public let architecture: String?
        /// How many weights it has.
        public let parameterCount: Int64?
        /// Their number format.
        public let quantization: String?
        /// Bytes of its files.
        public let byteCount: Int64
        /// Tokens that it was trained for.
        public let trainedContextLength: Int?
        /// Whether its weights are on this machine.
        public let isHere: Bool
        /// Bytes that came over the network for this plan.
        public let receivedByteCount: Int64
    }

    /// The model.
    public let model: Model
    /// What it was planned for.
    public let machine: PlannedMachine
    /// Settings, memory, speed, advice.
    public let plan: ModelPlan

    /// A plan that was made.
    public init(_ planned: PlannedModel) {
        let header = planned.header
        model = Model(
            name: header.name, architecture: header.summary.architecture, parameterCount: header.summary.parameterCount,
            quantization: header.summary.quantization, byteCount: header.byteCount,
            trainedContextLength: header.summary.contextLength, isHere: header.isHere,
            receivedByteCount: header.receivedByteCount)
        machine = planned.machine
        plan = planned.plan
    }
}

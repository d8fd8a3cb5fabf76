public import Inference

/// What to try next when a model could not be loaded.
public struct RecoveryStep: Sendable, Hashable, Codable {
    /// What is changed.
    public enum Kind: String, Sendable, Hashable, Codable {
        case fewerRequests, shorterContext, withoutSpeculation, quantizedCache, expertsOnProcessor, fewerGraphicsLayers,
            processor
        case smallerQuantization, smallerModel
    }

    /// What is changed.
    public var kind: Kind
    /// The settings to try; `nil` for another model.
    public var options: LoadOptions?
    /// What a load with them takes, by the closed form; `nil` for another model.
    public var memory: MemoryEstimate?
    /// The other model that is offered.
    public var alternative: ModelAlternative?
    /// Whether answers may differ: such a step is said, never taken silently.
    public var changesQuality: Bool
    /// Whether it may be taken without asking; else it is offered.
    public var isAutomatic: Bool
    /// The step, and what it costs.
    public var sentence: String
}

/// Another file of the same family of models.
public struct ModelAlternative: Sendable, Hashable, Codable {
    /// The name to run it by.
    public var name: String
    /// Its quantization, where known.
    public var quantization: String?
    /// Bytes of its weights.
    public var byteCount: Int64
    /// Whether it is the same model in another quantization; else one of fewer parameters.
    public var isSameModel: Bool

    /// An alternative.
    public init(name: String, quantization: String? = nil, byteCount: Int64, isSameModel: Bool) {
        self.name = name
        self.quantization = quantization
        self.byteCount = byteCount
        self.isSameModel = isSameModel
    }
}

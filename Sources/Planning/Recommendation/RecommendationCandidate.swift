/// What a model is wanted for.
public enum ModelPurpose: String, Sendable, Hashable, Codable, CaseIterable {
    case chat, code, embedding
}

/// A model that may be recommended.
public struct RecommendationCandidate: Sendable, Hashable {
    /// The name to run it by.
    public var name: String
    /// What it is good for.
    public var purposes: Set<ModelPurpose>
    /// All weights, in number; `nil` when unknown.
    public var parameterCount: Double?
    /// Those that a token goes through, for a mixture of experts.
    public var usedParameterCount: Double?
    /// Its quantization.
    public var quantization: String?
    /// Bytes of its file.
    public var fileByteCount: Int64
    /// Tokens that it was trained for.
    public var trainedContextLength: Int?
    /// Its sizes, where the header is known.
    public var geometry: ModelGeometry?
    /// How good it is, where somebody judged; else expected by its size.
    public var tier: QualityTier?
    /// 1 for the newest of its family, 2 for the one before.
    public var generation: Int
    /// Whether it is on this machine already.
    public var isDownloaded: Bool

    /// A candidate.
    public init(
        name: String, purposes: Set<ModelPurpose>, fileByteCount: Int64, parameterCount: Double? = nil,
        usedParameterCount: Double? = nil, quantization: String? = nil, trainedContextLength: Int? = nil,
        geometry: ModelGeometry? = nil, tier: QualityTier? = nil, generation: Int = 1, isDownloaded: Bool = false
    ) {
        self.name = name
        self.purposes = purposes
        self.fileByteCount = fileByteCount
        self.parameterCount = parameterCount
        self.usedParameterCount = usedParameterCount
        self.quantization = quantization
        self.trainedContextLength = trainedContextLength
        self.geometry = geometry
        self.tier = tier
        self.generation = generation
        self.isDownloaded = isDownloaded
    }

    /// All weights, guessed from the file where nobody says.
    var expectedParameterCount: Double {
        parameterCount ?? geometry.map { Double($0.parameterCount) }
            ?? Double(fileByteCount) * 8 / (quantization.flatMap(Quantization.bits) ?? 4.9)
    }

    var expectedTier: QualityTier {
        tier
            ?? .expected(
                parameterCount: expectedParameterCount, usedParameterCount: usedParameterCount,
                quantization: quantization,
                generation: generation)
    }

    /// What orders models of one tier.
    var effectiveParameterCount: Double {
        QualityTier.effectiveParameterCount(expectedParameterCount, usedParameterCount, quantization, generation)
    }
}

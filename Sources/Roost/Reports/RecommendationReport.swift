public import Planning

/// A recommended model as lists show it: `roost recommend --json`, `GET /roost/v1/recommend`.
public struct RecommendationReport: Sendable, Hashable, Encodable {
    /// The name to run it by.
    public let name: String
    /// How good its answers are to be expected.
    public let tier: String
    /// Whether it fits.
    public let fits: Bool
    /// Whether it is fast enough to talk with.
    public let isFast: Bool
    /// Bytes of its file.
    public let byteCount: Int64
    /// Bytes that it needs in all.
    public let neededByteCount: Int64
    /// At most; `nil` where unknown.
    public let tokensPerSecond: Double?
    /// Tokens that it was trained for.
    public let contextLength: Int?
    /// Whether it is on this machine already.
    public let isDownloaded: Bool
    /// Whether memory and speed come from its header, or from the size of its file alone.
    public let isPlanned: Bool
    /// Why it stands where it stands.
    public let reason: String

    /// A recommendation.
    public init(_ recommendation: Recommendation) {
        let candidate = recommendation.candidate
        name = candidate.name
        tier = recommendation.tier.rawValue
        fits = recommendation.fits
        isFast = recommendation.isFast
        byteCount = candidate.fileByteCount
        neededByteCount = recommendation.neededByteCount
        tokensPerSecond = recommendation.tokensPerSecond
        contextLength = candidate.trainedContextLength ?? candidate.geometry?.trainedContextLength
        isDownloaded = candidate.isDownloaded
        isPlanned = recommendation.plan != nil
        reason = recommendation.reason
    }
}

public import Inference

/// What measuring a model on a machine found to be faster than the defaults; `nil` leaves a setting as it is.
public struct TunedSettings: Sendable, Hashable, Codable {
    /// Threads for single tokens.
    public var threadCount: Int?
    /// Threads for prompts.
    public var batchThreadCount: Int?
    /// Tokens computed at once.
    public var microBatchSize: Int?
    /// Whether the fused attention kernel is used.
    public var flashAttention: FlashAttention?

    /// Settings that are better than the defaults; none, when nothing is given.
    public init(
        threadCount: Int? = nil, batchThreadCount: Int? = nil, microBatchSize: Int? = nil,
        flashAttention: FlashAttention? = nil
    ) {
        self.threadCount = threadCount
        self.batchThreadCount = batchThreadCount
        self.microBatchSize = microBatchSize
        self.flashAttention = flashAttention
    }

    /// Whether nothing is better than the defaults.
    public var isDefault: Bool { self == TunedSettings() }

    /// `options` with these settings where none was chosen: a setting that is not the default's stays as it is.
    public func applied(to options: LoadOptions) -> LoadOptions {
        let defaults = LoadOptions()
        var tuned = options
        // Who chose threads for single tokens chose them for prompts too, unless said otherwise.
        if options.threadCount == nil {
            tuned.threadCount = threadCount
            tuned.batchThreadCount = options.batchThreadCount ?? batchThreadCount
        }
        if let microBatchSize, options.microBatchSize == defaults.microBatchSize, options.batchSize >= microBatchSize {
            tuned.microBatchSize = microBatchSize
        }
        // Quantized values are read by the fused kernel only.
        let needsFused = options.valueCacheType.isQuantized
        if let flashAttention, options.flashAttention == defaults.flashAttention,
            !(needsFused && flashAttention == .off)
        {
            tuned.flashAttention = flashAttention
        }
        return tuned
    }
}

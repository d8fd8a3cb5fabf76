/// Type of the values kept in the KV cache, by ggml's names.
public enum KVCacheType: String, Sendable, Hashable, Codable, CaseIterable {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0
}

/// Whether the fused attention kernel is used.
public enum FlashAttention: String, Sendable, Hashable, Codable {
    case auto, on, off
}

/// How a model is loaded. What is `nil` is chosen for this machine and model.
public struct LoadOptions: Sendable, Hashable, Codable {
    /// Tokens of prompt and answer together; `nil` is the smaller of what the model was trained for and 8192.
    public var contextLength: Int?
    /// Most tokens in one call of the engine. Default 2048.
    public var batchSize = 2048
    /// Most tokens computed at once; more is faster for prompts and takes more memory. Default 512.
    public var microBatchSize = 512
    /// Threads for single tokens; `nil` is the physical cores this process may use.
    public var threadCount: Int?
    /// Threads for prompts; `nil` is `threadCount`.
    public var batchThreadCount: Int?
    /// Layers on GPUs, counted from the last one (the output is one more than the model has); `nil` all that the engine
    /// can put there, 0 none: no GPU is touched then.
    public var gpuLayerCount: Int?
    /// Of a mixture of experts, the experts of the first so many layers stay with the CPU, whose memory they are in,
    /// while the rest of those layers may be on GPUs; `nil` and 0 keep none back.
    public var expertLayersOnProcessor: Int?
    /// Each GPU's share of the layers there, in the order of ``devices``, as numbers of any size (`[3, 1]`: three
    /// quarters and one); `nil` shares by free memory. As many as GPUs are used.
    public var tensorSplit: [Double]?
    /// The GPUs that are used, by the engine's names (``EngineDevice/name``) and in this order; `nil` is
    /// ``Engine/graphics``, an empty list none.
    public var devices: [String]?
    /// Whether the fused attention kernel is used. Default: where the device has it.
    public var flashAttention = FlashAttention.auto
    /// Type of the cached keys. Default `f16`.
    public var keyCacheType = KVCacheType.f16
    /// Type of the cached values; a quantized one needs flash attention. Default `f16`.
    public var valueCacheType = KVCacheType.f16
    /// Map the file instead of reading it. Default true.
    public var memoryMap = true
    /// Lock the weights in memory, so that they are never swapped out. Default false.
    public var memoryLock = false

    /// Requests that are computed together, 1…256; more wait. Default 4.
    public var parallelRequestCount = 4
    /// Cells of the KV cache, which all requests share; `nil` is the context length: one request may fill it, several
    /// share it.
    public var cacheTokenCount: Int?
    /// Bytes that computed prompts may take beside the KV cache, to be used again; 0 keeps none. Default 512 MiB.
    public var prefixByteLimit: Int64 = 512 << 20
    /// Proposes tokens that the prompt or the answer had before (n-gram lookup) or that the draft model says, and
    /// computes several at once. Default true.
    public var speculation = true

    /// The defaults above.
    public init() {}
}

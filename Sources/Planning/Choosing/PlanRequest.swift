public import Inference

/// What a person fixed; `nil` is chosen.
public struct PlanRequest: Sendable, Hashable, Codable {
    /// Tokens of prompt and answer that are needed.
    public var contextLength: Int?
    /// Requests that are computed together.
    public var parallelRequestCount: Int?
    /// Type of the cached keys.
    public var keyCacheType: KVCacheType?
    /// Type of the cached values.
    public var valueCacheType: KVCacheType?
    /// Most tokens in one call of the engine.
    public var batchSize: Int?
    /// Most tokens computed at once.
    public var microBatchSize: Int?
    /// Layers on GPUs.
    public var gpuLayerCount: Int?
    /// Layers whose experts stay with the CPU.
    public var expertLayersOnProcessor: Int?
    /// Each GPU's share of the layers.
    public var tensorSplit: [Double]?
    /// The GPUs that are used, by the engine's names.
    public var devices: [String]?
    /// Whether the fused attention kernel is used.
    public var flashAttention: FlashAttention?
    /// Whether the file is mapped.
    public var memoryMap: Bool?
    /// Threads for single tokens.
    public var threadCount: Int?
    /// Threads for prompts.
    public var batchThreadCount: Int?
    /// What is found out by measuring on this machine with this model, and goes before the rules.
    public var tuning: TunedSettings?
    /// All settings that are not chosen here.
    public var others: LoadOptions

    /// Nothing is fixed.
    public init(contextLength: Int? = nil, parallelRequestCount: Int? = nil, others: LoadOptions = LoadOptions()) {
        self.contextLength = contextLength
        self.parallelRequestCount = parallelRequestCount
        self.others = others
    }

    /// The same with one place for each setting: what `others` has that is not the default is asked for too, and `others`
    /// has all that is asked for, with what was measured to be faster where nothing is.
    func resolved() -> PlanRequest {
        let defaults = LoadOptions()
        func chosen<Value: Equatable>(_ setting: KeyPath<LoadOptions, Value>) -> Value? {
            others[keyPath: setting] == defaults[keyPath: setting] ? nil : others[keyPath: setting]
        }
        var request = self
        request.contextLength = contextLength ?? others.contextLength
        request.gpuLayerCount = gpuLayerCount ?? others.gpuLayerCount
        request.expertLayersOnProcessor = expertLayersOnProcessor ?? others.expertLayersOnProcessor
        request.tensorSplit = tensorSplit ?? others.tensorSplit
        request.devices = devices ?? others.devices
        request.threadCount = threadCount ?? others.threadCount
        request.batchThreadCount = batchThreadCount ?? others.batchThreadCount
        request.keyCacheType = keyCacheType ?? chosen(\.keyCacheType)
        request.valueCacheType = valueCacheType ?? chosen(\.valueCacheType)
        request.batchSize = batchSize ?? chosen(\.batchSize)
        request.microBatchSize = microBatchSize ?? chosen(\.microBatchSize)
        request.flashAttention = flashAttention ?? chosen(\.flashAttention)
        request.memoryMap = memoryMap ?? chosen(\.memoryMap)
        var options = others
        options.threadCount = request.threadCount
        options.batchThreadCount = request.batchThreadCount
        options.keyCacheType = request.keyCacheType ?? others.keyCacheType
        options.valueCacheType = request.valueCacheType ?? others.valueCacheType
        options.batchSize = request.batchSize ?? others.batchSize
        options.microBatchSize = request.microBatchSize ?? others.microBatchSize
        options.flashAttention = request.flashAttention ?? others.flashAttention
        request.others = tuning?.applied(to: options) ?? options
        return request
    }

    /// Throws `PlanningError.invalidSetting`.
    func validate() throws {
        func require(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
            guard let value, !range.contains(value) else { return }
            throw PlanningError.invalidSetting(
                name: name, value: "\(value)", rule: "between \(range.lowerBound) and \(range.upperBound)")
        }
        try require("context length", contextLength, 1...(1 << 30))
        try require("parallel", parallelRequestCount, 1...256)
        try require("batch size", batchSize, 1...(1 << 20))
        try require("micro-batch size", microBatchSize, 1...(1 << 20))
        try require("GPU layers", gpuLayerCount, 0...(1 << 20))
        try require("expert layers on the CPU", expertLayersOnProcessor, 0...(1 << 20))
        try require("threads", threadCount, 1...4096)
        try require("batch threads", batchThreadCount, 1...4096)
        if let split = tensorSplit, !split.allSatisfy({ $0.isFinite && $0 >= 0 }) || split.reduce(0, +) <= 0 {
            throw PlanningError.invalidSetting(
                name: "tensor split", value: "\(split)", rule: "numbers from 0 up, one of them above 0")
        }
        let values = valueCacheType ?? others.valueCacheType
        if values.isQuantized, (flashAttention ?? others.flashAttention) == .off {
            throw PlanningError.invalidSetting(
                name: "value cache type", value: values.rawValue,
                rule: "one that is not quantized without flash attention")
        }
    }
}

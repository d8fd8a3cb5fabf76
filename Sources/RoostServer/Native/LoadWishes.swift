import Roost

/// How a client wants a model to be loaded; what is left out is as the server is set.
struct LoadWishes: Decodable, Sendable {
    var contextLength: Int?
    var batchSize: Int?
    var microBatchSize: Int?
    var threadCount: Int?
    var batchThreadCount: Int?
    var gpuLayerCount: Int?
    var expertLayersOnProcessor: Int?
    var tensorSplit: [Double]?
    var devices: [String]?
    var flashAttention: FlashAttention?
    var keyCacheType: KVCacheType?
    var valueCacheType: KVCacheType?
    var memoryMap: Bool?
    var memoryLock: Bool?
    var parallelRequestCount: Int?
    var cacheTokenCount: Int?
    var prefixByteLimit: Int64?
    var speculation: Bool?

    enum CodingKeys: String, CodingKey {
        case devices, speculation
        case contextLength = "context_length"
        case batchSize = "batch_size"
        case microBatchSize = "micro_batch_size"
        case threadCount = "thread_count"
        case batchThreadCount = "batch_thread_count"
        case gpuLayerCount = "gpu_layer_count"
        case expertLayersOnProcessor = "expert_layers_on_processor"
        case tensorSplit = "tensor_split"
        case flashAttention = "flash_attention"
        case keyCacheType = "key_cache_type"
        case valueCacheType = "value_cache_type"
        case memoryMap = "memory_map"
        case memoryLock = "memory_lock"
        case parallelRequestCount = "parallel_request_count"
        case cacheTokenCount = "cache_token_count"
        case prefixByteLimit = "prefix_byte_limit"
    }

    /// The server's options with these in their place.
    func applied(to defaults: LoadOptions) -> LoadOptions {
        var options = defaults
        options.contextLength = contextLength ?? options.contextLength
        options.batchSize = batchSize ?? options.batchSize
        options.microBatchSize = microBatchSize ?? options.microBatchSize
        options.threadCount = threadCount ?? options.threadCount
        options.batchThreadCount = batchThreadCount ?? options.batchThreadCount
        options.gpuLayerCount = gpuLayerCount ?? options.gpuLayerCount
        options.expertLayersOnProcessor = expertLayersOnProcessor ?? options.expertLayersOnProcessor
        options.tensorSplit = tensorSplit ?? options.tensorSplit
        options.devices = devices ?? options.devices
        options.flashAttention = flashAttention ?? options.flashAttention
        options.keyCacheType = keyCacheType ?? options.keyCacheType
        options.valueCacheType = valueCacheType ?? options.valueCacheType
        options.memoryMap = memoryMap ?? options.memoryMap
        options.memoryLock = memoryLock ?? options.memoryLock
        options.parallelRequestCount = parallelRequestCount ?? options.parallelRequestCount
        options.cacheTokenCount = cacheTokenCount ?? options.cacheTokenCount
        options.prefixByteLimit = prefixByteLimit ?? options.prefixByteLimit
        options.speculation = speculation ?? options.speculation
        return options
    }
}

/// A keep-alive as a number of seconds or a duration.
enum WireKeepAlive: Decodable, Sendable {
    case seconds(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self =
            if let seconds = try? container.decode(Double.self) { .seconds(seconds) } else {
                .text(try container.decode(String.self))
            }
    }

    /// Throws `NativeFailure` for a text that is no duration.
    func value() throws -> KeepAlive {
        switch self {
        case .seconds(let seconds): return KeepAlive(seconds: seconds)
        case .text(let text):
            guard let value = KeepAlive(text) else {
                throw NativeFailure.invalid(
                    "keep_alive", "keep_alive is “\(text.prefix(40))”, but must be a duration such as 5m, 300, 0 or -1."
                )
            }
            return value
        }
    }
}

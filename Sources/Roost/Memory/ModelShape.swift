import Inference
import ModelFormats

/// The sizes of a model that decide how much memory its context and its computation take.
struct ModelShape {
    /// Rows of logits beside one for each request: for tokens that are proposed ahead, or for ended sequences that are
    /// kept.
    private static let spareRowCount = 63

    let trainedContextLength: Int
    private let layerCount: Int
    private let embeddingLength: Double
    private let feedForwardLength: Double
    private let vocabularyCount: Double
    private let headCount: Double
    /// Heads of the cache, by layer.
    private let cachedHeadCounts: [Double]
    private let keyLength: Double
    private let valueLength: Double
    private let stateLength: Double
    private let innerLength: Double
    private let convolutionLength: Double

    /// `nil` when the file does not say enough.
    init?(_ metadata: GGUFMetadata) {
        guard let architecture = metadata.string("general.architecture") else { return nil }
        func number(_ key: String) -> Double? {
            metadata.integer("\(architecture).\(key)").flatMap { $0 >= 0 ? Double($0) : nil }
        }
        /// A number, or one for each layer.
        func numbers(_ key: String, _ count: Int) -> [Double]? {
            if let single = number(key) { return [Double](repeating: single, count: count) }
            guard let array = metadata.array("\(architecture).\(key)"), array.count == count else { return nil }
            return array.map { Double(max($0.intValue ?? 0, 0)) }
        }
        guard let layers = metadata.integer("\(architecture).block_count"), (1...4096).contains(layers),
            let embedding = number("embedding_length")
        else { return nil }
        layerCount = layers
        embeddingLength = embedding
        trainedContextLength = metadata.integer("\(architecture).context_length") ?? 0
        let heads = numbers("attention.head_count", layers) ?? [Double](repeating: 0, count: layers)
        headCount = heads.max() ?? 0
        cachedHeadCounts = numbers("attention.head_count_kv", layers) ?? heads
        feedForwardLength = numbers("feed_forward_length", layers)?.max() ?? 4 * embedding
        vocabularyCount = number("vocab_size") ?? Double(metadata.array("tokenizer.ggml.tokens")?.count ?? 0)
        let headLength = headCount > 0 ? embedding / headCount : 0
        keyLength = number("attention.key_length") ?? headLength
        valueLength = number("attention.value_length") ?? headLength
        stateLength = number("ssm.state_size") ?? 0
        innerLength = number("ssm.inner_size") ?? 0
        convolutionLength = number("ssm.conv_kernel") ?? 0
    }

    /// Keys and values of all layers.
    func cacheByteCount(cells: Int, _ options: LoadOptions) -> Double {
        let perHead = keyLength * options.keyCacheType.bytes + valueLength * options.valueCacheType.bytes
        return cachedHeadCounts.reduce(0, +) * perHead * Double(cells)
    }

    /// The states of recurrent layers, one for each request.
    func stateByteCount(_ options: LoadOptions) -> Double {
        let perLayer = innerLength * (stateLength + convolutionLength)
        return perLayer * Double(layerCount) * 4 * Double(options.parallelRequestCount)
    }

    /// The largest buffers of a micro-batch in 32-bit floats: the layer's inner values, attention, and the logits, for
    /// the tokens that are sampled or checked alone, once where they are computed and once where they are read.
    func computeByteCount(cells: Int, _ options: LoadOptions) -> Double {
        let tokens = Double(min(options.microBatchSize, max(cells, 1)))
        let wide = max(feedForwardLength, headCount * keyLength, innerLength)
        // Without the fused kernel the scores of every head over the whole context are there at once.
        let scores = options.flashAttention == .off ? headCount * Double(cells) : Double(cells)
        let rows = Double(options.parallelRequestCount + Self.spareRowCount)
        return 4 * (tokens * (4 * embeddingLength + 3 * wide + scores) + 2 * rows * vocabularyCount)
    }
}

extension KVCacheType {
    /// Bytes of one value, on average over a block of ggml's.
    fileprivate var bytes: Double {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q8_0: 34.0 / 32
        case .q5_1: 24.0 / 32
        case .q5_0: 22.0 / 32
        case .q4_1: 20.0 / 32
        case .q4_0: 18.0 / 32
        }
    }
}

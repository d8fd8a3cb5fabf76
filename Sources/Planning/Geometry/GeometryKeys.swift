import ModelFormats

/// A header's keys of sizes, and what llama.cpp makes of them for each architecture.
struct GeometryKeys {
    let architecture: String
    /// Layers that are computed.
    let layerCount: Int
    /// Layers that only predict further tokens (MTP).
    let extraLayerCount: Int
    let embeddingLength: Int
    private let metadata: GGUFMetadata

    /// More layers than any model has; a header can claim anything.
    private static let layerLimit = 4096
    /// More of anything else than any model has; products of three are still numbers.
    private static let sizeLimit = 1 << 20
    /// The same for what counts tokens.
    private static let tokenLimit = 1 << 31
    private static let tokenCounts: Set = ["context_length", "vocab_size", "attention.sliding_window"]

    init?(_ metadata: GGUFMetadata) {
        self.metadata = metadata
        guard let architecture = metadata.string("general.architecture"),
            let count = metadata.integer("\(architecture).block_count"),
            (1...Self.layerLimit).contains(count),
            let embeddingLength = metadata.integer("\(architecture).embedding_length"),
            (1...1 << 24).contains(embeddingLength)
        else { return nil }
        self.architecture = architecture
        self.embeddingLength = embeddingLength
        let extra = metadata.integer("\(architecture).nextn_predict_layers") ?? 0
        extraLayerCount = (0..<count).contains(extra) ? extra : 0
        layerCount = count - extraLayerCount
    }

    /// A size; `nil` when there is none, or one that cannot be.
    func number(_ key: String) -> Int? {
        let limit = Self.tokenCounts.contains(key) ? Self.tokenLimit : Self.sizeLimit
        return metadata.integer("\(architecture).\(key)").flatMap { (0...limit).contains($0) ? $0 : nil }
    }

    /// One size for all layers, or one for each; empty when there is none.
    func numbers(_ key: String) -> [Int] {
        if let single = number(key) { return [Int](repeating: single, count: layerCount) }
        guard let array = metadata.array("\(architecture).\(key)"), array.count >= layerCount else { return [] }
        return array.prefix(layerCount).map { min(max($0.intValue ?? 0, 0), Self.sizeLimit) }
    }

    /// One mark for each layer; `nil` when there are none.
    func marks(_ key: String) -> [Bool]? {
        guard let array = metadata.array("\(architecture).\(key)"), array.count >= layerCount else { return nil }
        return array.prefix(layerCount).map { $0.boolValue ?? (($0.intValue ?? 0) != 0) }
    }

    func layers() -> [ModelGeometry.Layer] {
        let (heads, cached) = (headCounts, cachedHeadCounts)
        let recurrent = recurrentLayers(cached)
        let sliding = slidingLayers(recurrent)
        let (dense, experts) = (numbers("feed_forward_length"), expertLengths)
        let sharing = firstSharingLayer
        return (0..<layerCount).map { index in
            var layer = ModelGeometry.Layer()
            layer.headCount = heads[index]
            layer.isSliding = windowLength > 0 && sliding[index]
            layer.feedForwardLength = dense.isEmpty ? 0 : dense[index]
            layer.isGated = !Self.ungated.contains(architecture)
            layer.expertLength = experts.isEmpty ? 0 : experts[index]
            if recurrent[index] { (layer.convolutionCount, layer.stateCount) = stateCounts }
            let keepsTokens = !recurrent[index] || Self.bothKinds.contains(architecture)
            if keepsTokens, !Self.hasNoMemory(architecture), !Self.allRecurrent.contains(architecture) {
                layer.cachedHeadCount = cached[index]
                (layer.keyLength, layer.valueLength) = lengths(isSliding: layer.isSliding)
                layer.indexLength =
                    Self.indexed.contains(architecture) ? number("attention.indexer.key_length") ?? 0 : 0
                layer.sharesCache = index >= sharing
                if architecture.hasPrefix("nemotron_h"), layer.feedForwardLength > 0 { layer.cachedHeadCount = 0 }
            }
            return layer
        }
    }

    // MARK: Attention

    var headCounts: [Int] {
        let counts = numbers("attention.head_count")
        return counts.isEmpty ? [Int](repeating: 0, count: layerCount) : counts
    }

    private var cachedHeadCounts: [Int] {
        let counts = numbers("attention.head_count_kv")
        return counts.isEmpty ? headCounts : counts
    }

    /// Latent attention, where the header has the sizes of both forms (older files have not, and keep keys and values).
    var latentAttention: ModelGeometry.LatentAttention? {
        guard let rank = number("attention.kv_lora_rank"), rank > 0,
            let key = number("attention.key_length_mla"), let value = number("attention.value_length_mla")
        else { return nil }
        return .init(rank: rank, rotatedLength: number("rope.dimension_count") ?? 0, keyLength: key, valueLength: value)
    }

    func lengths(isSliding: Bool) -> (keys: Int, values: Int) {
        let plain = headCounts.first.flatMap { $0 > 0 ? embeddingLength / $0 : nil } ?? 0
        let key = (isSliding ? number("attention.key_length_swa") : nil) ?? number("attention.key_length") ?? plain
        // One compressed vector and the rotated part of the key; the values are views of it.
        if latentAttention != nil { return (key, 0) }
        let value =
            (isSliding ? number("attention.value_length_swa") : nil) ?? number("attention.value_length") ?? plain
        return (key, value)
    }

    /// Layers from this one on use the cache of earlier ones.
    private var firstSharingLayer: Int {
        if architecture == "gemma3n" { return 20 }
        return layerCount - min(layerCount, number("attention.shared_kv_layers") ?? 0)
    }

    // MARK: Feed-forward

    /// Architectures whose feed-forward part has no gate.
    private static let ungated: Set = [
        "bert", "nomic-bert-moe", "jina-bert-v3", "gpt2", "gptneox", "phi2", "falcon", "bloom", "mpt", "starcoder",
        "starcoder2",
        "nemotron", "nemotron_h", "nemotron_h_moe", "codeshell", "t5encoder",
    ]

    private var expertLengths: [Int] {
        guard (number("expert_count") ?? 0) > 0 else { return [] }
        let own = numbers("expert_feed_forward_length")
        return own.isEmpty ? numbers("feed_forward_length") : own
    }

    // MARK: Windows

    /// Every n-th layer looks at all tokens, the last of n or the first; n as the model says, else as these do.
    private static let patterns: [String: (period: Int, denseFirst: Bool)] = [
        "afmoe": (4, false), "cohere2": (4, false), "cohere2moe": (4, true), "exaone-moe": (4, false),
        "exaone4": (4, false), "gemma-embedding": (6, false), "gemma2": (2, false), "gemma3": (6, false),
        "gemma3n": (5, false), "gpt-oss": (2, false), "laguna": (4, true), "llama4": (4, false), "mellum": (4, false),
        "modern-bert": (3, true), "muse-glimmer": (4, false), "olmo2": (4, false), "plamo3": (8, false),
        "smallthinker": (4, true),
    ]
    /// The header marks each layer.
    private static let marked: Set = [
        "dots3note", "gemma4", "granite-swa", "maple", "mimo2", "spark2-5", "step35",
    ]
    /// Each layer with attention has the window.
    private static let everywhere: Set = ["lfm2", "lfm2moe"]

    /// Tokens of the sliding window; 0 is none.
    var windowLength: Int {
        let own = number("attention.sliding_window")
        switch architecture {
        case "gemma2": return own ?? 4096
        case "llama4": return own == 0 ? 0 : 8192
        case "exaone4": return layerCount == 64 ? own ?? 4096 : 0
        case "smallthinker": return (own ?? 0) > 0 ? 4096 : 0
        default:
            let knows =
                Self.patterns[architecture] != nil || Self.marked.contains(architecture)
                || Self.everywhere.contains(architecture)
            return knows ? own ?? 0 : 0
        }
    }

    private func slidingLayers(_ recurrent: [Bool]) -> [Bool] {
        if Self.everywhere.contains(architecture) { return recurrent.map { !$0 } }
        if let marks = marks("attention.sliding_window_pattern") { return marks }
        guard let pattern = Self.patterns[architecture] else { return [Bool](repeating: false, count: layerCount) }
        let period = number("attention.sliding_window_pattern") ?? pattern.period
        return (0..<layerCount).map { index in
            period == 0 || (pattern.denseFirst ? index % period != 0 : index % period < period - 1)
        }
    }
}

// MARK: States

extension GeometryKeys {
    static let allRecurrent: Set = ["mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"]
    /// Each layer has a state and attention.
    static let bothKinds: Set = ["falcon-h1"]
    /// Layers without heads whose keys are kept have a state.
    private static let byHeads: Set = [
        "bailingmoe3", "jamba", "glm5-next", "granitehybrid", "lfm2", "lfm2moe", "plamo2", "kimi-k3", "kimi-linear",
        "nemotron_h", "nemotron_h_moe",
    ]
    private static let byInterval: Set = ["minimax-01", "qwen3next", "qwen35", "qwen35moe", "qwen4exp"]
    /// Sparse attention with an indexer that keeps keys of its own.
    static let indexed: Set = ["deepseek32", "glm-dsa"]

    /// Models that keep nothing from one token to the next: encoders, and those that fill in a whole text.
    static func hasNoMemory(_ architecture: String) -> Bool {
        architecture.contains("bert")
            || ["t5encoder", "gemma-embedding", "wavtokenizer-dec", "dream", "llada", "llada-moe", "rnd1"]
                .contains(architecture)
    }

    func recurrentLayers(_ cachedHeads: [Int]) -> [Bool] {
        if Self.allRecurrent.contains(architecture) || Self.bothKinds.contains(architecture) {
            return [Bool](repeating: true, count: layerCount)
        }
        if Self.byInterval.contains(architecture) {
            if let marks = marks("attention.recurrent_layers") { return marks }
            let interval = max(1, number("full_attention_interval") ?? (architecture == "minimax-01" ? 8 : 4))
            return (0..<layerCount).map { ($0 + 1) % interval != 0 }
        }
        guard Self.byHeads.contains(architecture) else { return [Bool](repeating: false, count: layerCount) }
        let feedForward = numbers("feed_forward_length")
        return (0..<layerCount).map { index in
            guard cachedHeads[index] == 0 else { return false }
            // In these a layer without heads may also be one of feed-forward alone.
            return !architecture.hasPrefix("nemotron_h") || feedForward.isEmpty || feedForward[index] == 0
        }
    }

    /// Values of a sequence in one layer: what convolutions look back on, and the state itself.
    var stateCounts: (convolution: Int, state: Int) {
        let heads = headCounts.first ?? 0
        if let size = number("wkv.head_size"), size > 0 {
            return ((number("token_shift_count") ?? 2) * embeddingLength, embeddingLength * size)
        }
        if let length = number("shortconv.l_cache"), length > 0 { return (embeddingLength * (length - 1), 0) }
        let kernel = number("ssm.conv_kernel") ?? 0
        if let size = number("kda.head_dim"), size > 0 {
            return (3 * (kernel > 0 ? kernel - 1 : 3) * heads * size, size * size * heads)
        }
        if architecture == "minimax-01" {
            let length = lengths(isSliding: false).keys
            return (0, length * length * heads)
        }
        let (state, inner) = (number("ssm.state_size") ?? 0, number("ssm.inner_size") ?? 0)
        return (max(0, kernel - 1) * (inner + 2 * (number("ssm.group_count") ?? 0) * state), state * inner)
    }

    /// Widths of what a recurrent layer's input is turned into: all of it, and the part that goes through the convolution.
    var recurrentLengths: (input: Int, convolution: Int) {
        if number("wkv.head_size") != nil { return (6 * embeddingLength, 0) }
        if number("shortconv.l_cache") != nil { return (3 * embeddingLength, embeddingLength) }
        guard let inner = number("ssm.inner_size"), inner > 0 else { return (0, 0) }
        let groups = (number("ssm.group_count") ?? 0) * (number("ssm.state_size") ?? 0)
        let steps = groups > 0 ? number("ssm.time_step_rank") ?? 0 : 0
        return (2 * inner + 2 * groups + steps, inner + 2 * groups)
    }
}

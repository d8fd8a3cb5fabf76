import CLlama
import LlamaBridge

/// llama.cpp's context for vectors of one kind. Lives on the engine's thread.
final class EmbeddingContext {
    let pointer: OpaquePointer
    let pooling: llama_pooling_type
    /// Most tokens that one batch can have.
    let batchTokenCount: Int
    /// Most tokens that one text can have.
    let textTokenCount: Int
    private let model: ModelHandle

    /// - Parameters:
    ///   - batchTokenCount: most tokens in a batch.
    ///   - textTokenCount: most tokens in a text; one that is longer than a batch needs `canSplit`.
    /// - Throws: `InferenceError.outOfMemory` or `.loadFailed`.
    init(
        model: ModelHandle, path: String, options: LoadOptions, pooling: llama_pooling_type, batchTokenCount: Int,
        textTokenCount: Int
    ) throws {
        let parameters = Self.parameters(
            model: model, options: options, pooling: pooling, batchTokenCount: batchTokenCount,
            textTokenCount: textTokenCount)
        try Self.requireRoom(for: model, path: path, options: options, parameters)

        _ = Engine.takeComplaint()
        guard let pointer = llama_init_from_model(model.pointer, parameters) else {
            throw InferenceError.loadFailed(
                path: path, reason: Engine.takeComplaint() ?? "the engine could not make a context for embeddings")
        }
        self.pointer = pointer
        self.model = model
        self.pooling = pooling
        self.batchTokenCount = batchTokenCount
        self.textTokenCount = max(batchTokenCount, textTokenCount)
    }

    deinit { llama_free(pointer) }

    /// What llama.cpp is told.
    static func parameters(
        model: ModelHandle, options: LoadOptions, pooling: llama_pooling_type, batchTokenCount: Int, textTokenCount: Int
    ) -> llama_context_params {
        var parameters = llama_context_default_params()
        let threads = Int32(clamping: options.threadCount ?? HostFacts.computeThreadCount)
        parameters.n_ctx = UInt32(clamping: max(batchTokenCount, textTokenCount))
        parameters.n_batch = UInt32(clamping: batchTokenCount)
        // A text's attention and its pooling see only what is computed at once.
        parameters.n_ubatch = parameters.n_batch
        // The engine aborts the process when there are more sequences than outputs.
        parameters.n_seq_max = UInt32(clamping: min(textLimit(of: model), batchTokenCount))
        parameters.kv_unified = true
        parameters.n_threads = threads
        parameters.n_threads_batch = options.batchThreadCount.map { Int32(clamping: $0) } ?? threads
        parameters.pooling_type = pooling
        parameters.embeddings = true
        parameters.flash_attn_type = options.flashAttention.engineType
        parameters.type_k = options.keyCacheType.engineType
        parameters.type_v = options.valueCacheType.engineType
        parameters.swa_full = false
        parameters.no_perf = true
        return parameters
    }

    /// Whether a text may be computed in several batches: its vector is the last token's, and that sees the others in the
    /// cache.
    var canSplit: Bool {
        (pooling == LLAMA_POOLING_TYPE_LAST || pooling == LLAMA_POOLING_TYPE_RANK)
            && llama_get_memory(pointer) != nil && llama_get_causal_attn(pointer)
    }

    /// Texts that are computed together at most. A recurrent model holds a state for each.
    static func textLimit(of model: ModelHandle) -> Int {
        llama_model_is_recurrent(model.pointer) || llama_model_is_hybrid(model.pointer) ? 4 : 64
    }

    /// The vectors of `texts`, in their order. Together they fit in a batch, or it is one that is cut into batches.
    ///
    /// - Throws: `InferenceError.decodeFailed`.
    func vectors(of texts: [[Int32]]) throws -> [[[Float]]] {
        let tokens = texts.flatMap { $0 }
        let code: Int32
        if tokens.count > batchTokenCount {
            guard canSplit, texts.count == 1 else {
                throw InferenceError.inputTooLong(index: 0, tokenCount: tokens.count, limit: batchTokenCount)
            }
            code = roost_embed_long(
                pointer, tokens, Int32(clamping: tokens.count), Int32(clamping: batchTokenCount))
        } else {
            let isEncoder = llama_get_memory(pointer) == nil || llama_model_has_encoder(model.pointer)
            let counts = texts.map { Int32(clamping: $0.count) }
            code = roost_embed(pointer, tokens, counts, Int32(clamping: counts.count), isEncoder)
        }
        guard code == 0 else {
            throw InferenceError.decodeFailed(
                code: Int(code), reason: Engine.takeComplaint() ?? "the engine gave no reason")
        }
        var first: Int32 = 0
        return try texts.indices.map { place in
            defer { first += Int32(clamping: texts[place].count) }
            if pooling == LLAMA_POOLING_TYPE_NONE {
                return try (0..<Int32(clamping: texts[place].count)).map {
                    try vector(llama_get_embeddings_ith(pointer, first + $0))
                }
            }
            return [try vector(llama_get_embeddings_seq(pointer, Int32(clamping: place)))]
        }
    }

    private func vector(_ values: UnsafeMutablePointer<Float>?) throws -> [Float] {
        guard let values else {
            throw InferenceError.decodeFailed(
                code: -1, reason: Engine.takeComplaint() ?? "the engine gave no vector for a text")
        }
        let isRank = pooling == LLAMA_POOLING_TYPE_RANK
        let count = isRank ? max(1, Int(llama_model_n_cls_out(model.pointer))) : model.vectorLength
        return Array(UnsafeBufferPointer(start: values, count: count))
    }

    /// Refuses what cannot fit, by what grows with a batch: the logits that the engine makes room for twice, the
    /// activations of the widest layer, attention between all tokens, keys and values.
    private static func requireRoom(
        for model: ModelHandle, path: String, options: LoadOptions, _ parameters: llama_context_params
    ) throws {
        guard !options.usesGraphics || Engine.graphics.isEmpty,
            let available = HostFacts.availableByteCount
        else { return }
        let architecture = model.metadata("general.architecture") ?? ""
        func fact(_ key: String) -> Double { model.metadata("\(architecture).\(key)").flatMap(Double.init) ?? 0 }
        let batch = Double(parameters.n_batch)
        let width = Double(llama_model_n_embd(model.pointer))
        let heads = max(1, Double(llama_model_n_head(model.pointer)))
        let logits = llama_model_has_decoder(model.pointer) ? 2 * Double(model.vocabularyCount) : 0
        let activations = 8 * width + 3 * max(fact("feed_forward_length"), width)
        let attention = 2 * heads * Double(parameters.n_ctx)
        let cache =
            Double(parameters.n_ctx) * Double(llama_model_n_layer(model.pointer)) * width / heads
            * max(1, Double(llama_model_n_head_kv(model.pointer)))
            * (options.keyCacheType.bytesPerValue + options.valueCacheType.bytesPerValue)
        let needed = 4 * batch * (logits + activations + attention) + cache
        guard needed <= Double(available) else {
            throw InferenceError.outOfMemory(
                neededByteCount: Int64(min(needed, 9e18)), availableByteCount: available,
                what: "Computing vectors of \(parameters.n_batch) tokens at once with \(path)")
        }
    }
}

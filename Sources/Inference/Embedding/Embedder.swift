import CLlama

/// Turns texts into vectors and scores documents. It has llama.cpp contexts of its own, one for each kind of vector,
/// made when first asked for.
///
/// `limits` makes work of requests on any thread. All else belongs on the engine's: `step` computes one batch, so that
/// other work can go between; `embed` and `rerank` compute all of it.
final class Embedder {
    private let model: ModelHandle
    private let path: String
    private let options: LoadOptions
    private let adapters: AdapterSet?
    let limits: EmbeddingLimits
    private var contexts: [llama_pooling_type.RawValue: EmbeddingContext] = [:]

    /// - Parameter adapters: all are applied with the scale 1, as to a generation that says nothing else.
    init(model: ModelHandle, files: ModelFileSet, options: LoadOptions, adapters: AdapterSet? = nil) {
        self.model = model
        path = files.path
        self.options = options
        self.adapters = adapters
        limits = EmbeddingLimits(model: model, options: options)
    }

    /// Computes the next batch of `work`. Does nothing when it is finished.
    ///
    /// - Throws: `InferenceError.outOfMemory`, `.loadFailed`, `.decodeFailed`.
    func step(_ work: inout EmbeddingWork) throws {
        guard let batch = work.batches.first else { return }
        let context = try context(for: work)
        work.take(try context.vectors(of: batch.map { work.texts[$0] }))
    }

    /// Bytes that its contexts take.
    var memory: ModelMemory {
        contexts.values.reduce(ModelMemory(weightsByteCount: 0, contextByteCount: 0, computeByteCount: 0)) {
            let part = ModelMemory(ContextMemory(of: $1.pointer).devices)
            return ModelMemory(
                weightsByteCount: 0, contextByteCount: $0.contextByteCount + part.contextByteCount,
                computeByteCount: $0.computeByteCount + part.computeByteCount)
        }
    }

    /// The context for the kind of vectors and the length of texts that `work` has; one that is too small is replaced.
    private func context(for work: EmbeddingWork) throws -> EmbeddingContext {
        if let known = contexts[work.pooling.rawValue], work.longest <= known.textTokenCount { return known }
        contexts[work.pooling.rawValue] = nil
        // By powers of two, so that growing texts do not make a new context each time.
        var textTokenCount = limits.batchTokenCount
        while textTokenCount < work.longest { textTokenCount *= 2 }
        textTokenCount = min(textTokenCount, max(limits.textTokenCount, limits.batchTokenCount))
        let context = try make(work.pooling, textTokenCount)
        try adapters?.apply(nil, to: context.pointer)
        contexts[work.pooling.rawValue] = context
        return context
    }

    /// A context with small batches where the model can do with them, else one that computes any text at once.
    private func make(_ pooling: llama_pooling_type, _ textTokenCount: Int) throws -> EmbeddingContext {
        func make(batchTokenCount: Int) throws -> EmbeddingContext {
            try EmbeddingContext(
                model: model, path: path, options: options, pooling: pooling, batchTokenCount: batchTokenCount,
                textTokenCount: textTokenCount)
        }
        if pooling == LLAMA_POOLING_TYPE_LAST || pooling == LLAMA_POOLING_TYPE_RANK {
            let context = try make(batchTokenCount: limits.batchTokenCount)
            if textTokenCount <= limits.batchTokenCount || context.canSplit { return context }
        }
        return try make(batchTokenCount: textTokenCount)
    }
}

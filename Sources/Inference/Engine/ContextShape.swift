import CLlama

/// How large the engine's context is made for a model and its options.
struct ContextShape: Sendable {
    /// Requests that are computed together.
    let parallelCount: Int
    /// Sequences there are: those, and ended ones that keep their cells for others to begin with.
    let sequenceCount: Int
    /// Most tokens that speculation proposes in one turn, of all sequences together.
    let draftCount: Int
    /// Most tokens of a turn that give logits.
    let outputCount: Int
    /// Tokens of prompt and answer of one request.
    let contextLength: Int
    /// Cells that all share.
    let cellCount: Int

    /// What kind of memory a model has decides what a sequence costs and what it can do.
    struct Memory: Sendable, Hashable {
        /// Tokens that layers with a sliding window look back on; 0 when no layer has one.
        var windowLength: Int
        /// Whether there is a state that changes with each token and cannot go back.
        var isRecurrent: Bool
        /// Whether the recurrent state is all there is.
        var isPurelyRecurrent: Bool

        init(of model: OpaquePointer) {
            windowLength = Int(max(0, llama_model_n_swa(model)))
            isPurelyRecurrent = llama_model_is_recurrent(model)
            isRecurrent = isPurelyRecurrent || llama_model_is_hybrid(model)
        }

        init(windowLength: Int, isRecurrent: Bool, isPurelyRecurrent: Bool) {
            self.windowLength = windowLength
            self.isRecurrent = isRecurrent
            self.isPurelyRecurrent = isPurelyRecurrent
        }

        /// Whether any number of tokens can be taken back, and sequences shared anywhere.
        var isPlain: Bool { windowLength == 0 && !isRecurrent }
    }

    init(options: LoadOptions, trainedContextLength: Int, memory: Memory) {
        parallelCount = min(options.parallelRequestCount, Int(llama_max_parallel_sequences()))
        // A sequence more costs a row of logits where the cache is plain, but a whole window in each such layer (Gemma
        // 3 270M: 7.5 MiB, 27B: 400 MiB) or a state (Mamba 2.8B: 20 MiB) where it is not: there ended ones only use
        // places that nobody else needs, and go to RAM for the newcomer.
        let retained = memory.isPlain ? min(max(4, options.parallelRequestCount), 32) : 0
        sequenceCount = min(parallelCount + retained, Int(llama_max_parallel_sequences()))
        draftCount = options.speculation && !memory.isRecurrent ? min(63, options.microBatchSize - 1) : 0
        // The engine keeps a row for each sequence, used or not.
        outputCount = min(max(sequenceCount, parallelCount + draftCount), options.batchSize)
        contextLength = options.resolvedContextLength(trained: trainedContextLength)
        cellCount = options.cacheTokenCount ?? contextLength
    }

    /// What llama.cpp is told.
    func parameters(_ options: LoadOptions) -> llama_context_params {
        var parameters = llama_context_default_params()
        let threads = Int32(clamping: options.threadCount ?? HostFacts.computeThreadCount)
        parameters.n_ctx = UInt32(clamping: cellCount)
        parameters.n_batch = UInt32(clamping: max(options.batchSize, outputCount))
        parameters.n_ubatch = UInt32(clamping: min(options.microBatchSize, options.batchSize))
        parameters.n_seq_max = UInt32(clamping: sequenceCount)
        parameters.n_outputs_max = UInt32(clamping: max(outputCount, sequenceCount))
        parameters.n_threads = threads
        parameters.n_threads_batch = options.batchThreadCount.map { Int32(clamping: $0) } ?? threads
        parameters.flash_attn_type = options.flashAttention.engineType
        parameters.type_k = options.keyCacheType.engineType
        parameters.type_v = options.valueCacheType.engineType
        parameters.swa_full = false
        // One buffer for all: what sequences have in common is there once. llama-server with 32 slots was 4 to 7 %
        // faster with a buffer for each, where nothing can be shared and each has a fixed part of the cache.
        parameters.kv_unified = true
        parameters.no_perf = true
        return parameters
    }
}

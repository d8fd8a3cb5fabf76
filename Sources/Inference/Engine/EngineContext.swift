import CLlama
import LlamaBridge

/// llama.cpp's context: the KV cache, the compute buffers and the threads. Lives on the engine's thread.
final class EngineContext {
    let pointer: OpaquePointer
    let contextLength: Int
    let threadCount: Int
    let batchSize: Int
    private let model: ModelHandle
    private let threadPools: [OpaquePointer]
    private let abort = AbortCheck()

    /// Throws `InferenceError.outOfMemory` or `.loadFailed`.
    init(model: ModelHandle, files: ModelFileSet, options: LoadOptions) throws {
        var parameters = Self.parameters(options, trainedContextLength: model.trainedContextLength)
        parameters.abort_callback = { data in
            data.map { Unmanaged<AbortCheck>.fromOpaque($0).takeUnretainedValue().request?.isStopped ?? false } ?? false
        }
        parameters.abort_callback_data = Unmanaged.passUnretained(abort).toOpaque()
        try MemoryCheck.requireRoom(for: model, files: files, options: options, context: parameters)

        _ = Engine.takeComplaint()
        guard let pointer = llama_init_from_model(model.pointer, parameters) else {
            throw InferenceError.loadFailed(
                path: files.path, reason: Engine.takeComplaint() ?? "the engine could not make a context")
        }
        self.pointer = pointer
        self.model = model
        contextLength = min(Int(parameters.n_ctx), Int(llama_n_ctx(pointer)))
        batchSize = Int(llama_n_batch(pointer))
        threadCount = Int(parameters.n_threads)
        threadPools = Self.attachThreads(to: pointer, parameters)
    }

    deinit {
        llama_free(pointer)
        for pool in threadPools { ggml_threadpool_free(pool) }
    }

    /// Threads that stay, instead of new ones for every token.
    private static func attachThreads(
        to context: OpaquePointer, _ parameters: llama_context_params
    ) -> [OpaquePointer] {
        let counts =
            parameters.n_threads == parameters.n_threads_batch
            ? [parameters.n_threads] : [parameters.n_threads, parameters.n_threads_batch]
        let pools = counts.compactMap { count in
            var pool = ggml_threadpool_params_default(count)
            return ggml_threadpool_new(&pool)
        }
        if let first = pools.first, pools.count == counts.count {
            llama_attach_threadpool(context, first, pools.count > 1 ? pools[1] : nil)
        }
        return pools
    }

    private static func parameters(_ options: LoadOptions, trainedContextLength: Int) -> llama_context_params {
        var parameters = llama_context_default_params()
        let contextLength = options.resolvedContextLength(trained: trainedContextLength)
        let threads = Int32(clamping: options.threadCount ?? Processor.defaultThreadCount)
        parameters.n_ctx = UInt32(clamping: contextLength)
        parameters.n_batch = UInt32(clamping: options.batchSize)
        parameters.n_ubatch = UInt32(clamping: min(options.microBatchSize, options.batchSize))
        parameters.n_seq_max = 1
        parameters.n_outputs_max = 1
        parameters.n_threads = threads
        parameters.n_threads_batch = options.batchThreadCount.map { Int32(clamping: $0) } ?? threads
        parameters.flash_attn_type = options.flashAttention.engineType
        parameters.type_k = options.keyCacheType.engineType
        parameters.type_v = options.valueCacheType.engineType
        parameters.swa_full = false
        parameters.no_perf = true
        return parameters
    }

    /// Computes `tokens` behind what is in the cache. While it runs, stopping `request` aborts it (on the CPU).
    ///
    /// Returns false when it was aborted; what is in the cache is unknown then.
    /// Throws `InferenceError.decodeFailed`.
    func decode(_ tokens: inout [Int32], for request: QueuedRequest) throws -> Bool {
        abort.request = request
        defer { abort.request = nil }
        let code = tokens.withUnsafeMutableBufferPointer { buffer in
            roost_decode(pointer, buffer.baseAddress, Int32(clamping: buffer.count))
        }
        if code == 2 { return false }
        guard code == 0 else {
            throw InferenceError.decodeFailed(
                code: Int(code), reason: Engine.takeComplaint() ?? "the engine gave no reason")
        }
        return true
    }

    var memory: ModelMemory {
        let memory = roost_memory_of(pointer)
        return ModelMemory(
            weightsByteCount: Int64(clamping: memory.model), contextByteCount: Int64(clamping: memory.context),
            computeByteCount: Int64(clamping: memory.compute))
    }

    /// Whether the model keeps tokens; what does not (an encoder) cannot generate.
    var hasCache: Bool { llama_get_memory(pointer) != nil }

    func clearCache() { llama_memory_clear(llama_get_memory(pointer), false) }

    /// Makes the cache hold the first `count` of its `total` tokens; false when it cannot (it is unchanged then).
    func truncateCache(to count: Int, of total: Int) -> Bool {
        if count == total { return true }
        let cache = llama_get_memory(pointer)
        let window = Int(llama_model_n_swa(model.pointer))
        // Layers with a sliding window forget; going back needs the window before `count` to be there still.
        if window > 0, Int(llama_memory_seq_pos_min(cache, 0)) > max(0, count - window) { return false }
        return llama_memory_seq_rm(cache, 0, Int32(clamping: count), -1)
    }
}

/// What the engine's abort callback looks at.
private final class AbortCheck {
    var request: QueuedRequest?
}

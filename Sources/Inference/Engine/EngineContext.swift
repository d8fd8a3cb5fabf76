import CLlama
import LlamaBridge

/// llama.cpp's context: the KV cache, the compute buffers and the threads. Lives on the engine's thread.
final class EngineContext {
    let pointer: OpaquePointer
    let shape: ContextShape
    let memoryKind: ContextShape.Memory
    /// Tokens of prompt and answer of one request, at most.
    let contextLength: Int
    /// Cells of the KV cache that are used.
    let cellCount: Int
    let threadCount: Int
    let batchSize: Int
    let microBatchSize: Int
    private let cache: OpaquePointer?
    /// By their number of threads.
    private var threadPools: [Int32: OpaquePointer] = [:]
    private let abort = AbortCheck()

    /// Throws `InferenceError.outOfMemory` or `.loadFailed`.
    init(model: ModelHandle, files: ModelFileSet, options: LoadOptions) throws {
        memoryKind = ContextShape.Memory(of: model.pointer)
        shape = ContextShape(
            options: options, trainedContextLength: model.trainedContextLength, memory: memoryKind)
        var parameters = shape.parameters(options)
        parameters.abort_callback = { data in
            data?.assumingMemoryBound(to: AbortCheck.Question.self).pointee.ask() ?? false
        }
        parameters.abort_callback_data = UnsafeMutableRawPointer(abort.question)
        try MemoryCheck.requireRoom(for: model, files: files, options: options, context: parameters)

        _ = Engine.takeComplaint()
        guard let pointer = llama_init_from_model(model.pointer, parameters) else {
            throw InferenceError.loadFailed(
                path: files.path, reason: Engine.takeComplaint() ?? "the engine could not make a context")
        }
        self.pointer = pointer
        cache = llama_get_memory(pointer)
        // A recurrent model has one cell for each sequence, however long it is: only its length is limited.
        cellCount = memoryKind.isPurelyRecurrent ? Int(Int32.max) : min(shape.cellCount, Int(llama_n_ctx(pointer)))
        contextLength = min(shape.contextLength, cellCount)
        batchSize = Int(llama_n_batch(pointer))
        microBatchSize = Int(llama_n_ubatch(pointer))
        threadCount = Int(parameters.n_threads)
        attachThreads(parameters.n_threads, parameters.n_threads_batch)
    }

    deinit {
        llama_free(pointer)
        for pool in threadPools.values { ggml_threadpool_free(pool) }
    }

    /// Computes with other numbers of threads from now on; nothing else of the context changes.
    func setThreads(_ count: Int, batch batchCount: Int) {
        let counts = [count, batchCount].map { Int32(clamping: $0) }
        llama_set_n_threads(pointer, counts[0], counts[1])
        attachThreads(counts[0], counts[1])
    }

    /// Threads that stay, instead of new ones for every token. The engine pauses those that it had before when it
    /// computes next, so that they must not go before the context does; they sleep meanwhile.
    private func attachThreads(_ count: Int32, _ batchCount: Int32) {
        for count in [count, batchCount] where threadPools[count] == nil {
            var pool = ggml_threadpool_params_default(count)
            threadPools[count] = ggml_threadpool_new(&pool)
        }
        if let pool = threadPools[count], let batchPool = threadPools[batchCount] {
            llama_attach_threadpool(pointer, pool, batchPool)
        }
    }

    /// Lets the threads sleep until it computes again. Without that they look out for work for a tenth of a second, and
    /// take the processors from another context that computes meanwhile.
    func pauseThreads() {
        for pool in threadPools.values { ggml_threadpool_pause(pool) }
    }

    /// How a computation ended.
    enum Outcome: Equatable {
        case done
        /// There were not enough cells; nothing has changed.
        case noRoom
        /// Nobody waited for it any more; what the sequences hold is unknown.
        case aborted
    }

    /// Computes a batch. When nobody waits for it any more (`isOver`), it is given up (on the CPU).
    ///
    /// Throws `InferenceError.decodeFailed`.
    func decode(_ batch: EngineBatch, isOver: @escaping () -> Bool) throws -> Outcome {
        abort.question.pointee = AbortCheck.Question(isOver: isOver, tokenCount: batch.count)
        defer { abort.question.pointee = AbortCheck.Question() }
        _ = Engine.takeComplaint()
        switch roost_batch_decode(batch.pointer, pointer) {
        case 0: return .done
        case 1: return .noRoom
        case 2: return .aborted
        case let code:
            throw InferenceError.decodeFailed(
                code: Int(code), reason: Engine.takeComplaint() ?? "the engine gave no reason")
        }
    }

    /// What it takes, as the engine accounts for it.
    var memory: ModelMemory { ModelMemory(ContextMemory(of: pointer).devices) }

    /// Whether the model keeps tokens; what does not (an encoder) cannot generate.
    var hasCache: Bool { cache != nil }
    /// Whether positions in the cache can be moved.
    var canShift: Bool { cache.map { llama_memory_can_shift($0) } ?? false }

    // MARK: Sequences

    /// Everything is forgotten.
    func removeAll() { llama_memory_clear(cache, false) }

    /// Forgets positions; false when the memory cannot (a recurrent state does not go back).
    @discardableResult
    func remove(_ sequence: Int32, from start: Int = 0, to end: Int? = nil) -> Bool {
        llama_memory_seq_rm(cache, sequence, Int32(clamping: start), end.map { Int32(clamping: $0) } ?? -1)
    }

    /// `target`, which is empty, begins with the first `count` positions of `source`; their cells are shared.
    func copy(_ source: Int32, to target: Int32, count: Int) {
        llama_memory_seq_cp(cache, source, target, 0, Int32(clamping: count))
    }

    /// Moves what is at `start` and behind it by `offset` positions.
    func move(_ sequence: Int32, from start: Int, by offset: Int) {
        llama_memory_seq_add(cache, sequence, Int32(clamping: start), -1, Int32(clamping: offset))
    }

    /// Positions that a sequence has; layers with a sliding window have the last ones only.
    func positions(of sequence: Int32) -> ClosedRange<Int>? {
        let (low, high) = (llama_memory_seq_pos_min(cache, sequence), llama_memory_seq_pos_max(cache, sequence))
        return low >= 0 && high >= low ? Int(low)...Int(high) : nil
    }

    /// Whether a sequence could go on from position `position`, what is behind it being taken away.
    func canResume(_ sequence: Int32, at position: Int) -> Bool {
        guard let positions = positions(of: sequence), position <= positions.upperBound + 1 else { return false }
        if memoryKind.isRecurrent { return position == positions.upperBound + 1 }
        return memoryKind.windowLength == 0 || positions.lowerBound <= max(0, position - memoryKind.windowLength)
    }

    /// Bytes of a sequence's state.
    func stateByteCount(of sequence: Int32, isPartial: Bool) -> Int {
        roost_state_size(pointer, sequence, isPartial)
    }

    /// A sequence's state, or with `isPartial` what of it is not simply a cell for each token; `nil` when the engine
    /// fails.
    func state(of sequence: Int32, isPartial: Bool) -> [UInt8]? {
        let count = stateByteCount(of: sequence, isPartial: isPartial)
        guard count > 0 else { return nil }
        var isComplete = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = roost_state_get(pointer, sequence, isPartial, buffer.baseAddress, count)
            isComplete = written == count
        }
        return isComplete ? bytes : nil
    }

    /// Gives a sequence a state; false when the engine refuses it.
    func setState(_ bytes: [UInt8], of sequence: Int32, isPartial: Bool) -> Bool {
        _ = Engine.takeComplaint()
        return roost_state_set(pointer, sequence, isPartial, bytes, bytes.count) > 0
    }
}

/// What the engine asks before each operation of a batch, some hundred times, while its threads wait for the answer.
private final class AbortCheck {
    let question: UnsafeMutablePointer<Question>

    init() {
        question = .allocate(capacity: 1)
        question.initialize(to: Question())
    }

    deinit {
        question.deinitialize(count: 1)
        question.deallocate()
    }

    struct Question {
        private var isOver: () -> Bool = { false }
        private var interval = 1
        private var askedCount = 0

        init() {}

        /// A batch of few tokens is over soon: there it is looked at only now and then.
        init(isOver: @escaping () -> Bool, tokenCount: Int) {
            self.isOver = isOver
            interval = max(1, 64 / max(1, tokenCount))
        }

        mutating func ask() -> Bool {
            askedCount += 1
            guard askedCount >= interval else { return false }
            askedCount = 0
            return isOver()
        }
    }
}

/// Continuous batching: who is computed when. Lives on the engine's thread.
///
/// Each ``turn()`` computes one batch: a token of everyone who answers, with what speculation proposes behind it, and
/// pieces of the prompts of those who do not answer yet. Requests wait in a ``FairQueue`` until there is a place and
/// room for their prompt.
///
/// Cells are not reserved for answers that may never come: a request is taken when its prompt and a little more fit.
/// When cells run out, prefixes that are only kept go first; then the youngest request gives way, and waits in front
/// of its tenant's queue to go on where it was. The oldest never gives way and can have all cells, so somebody always
/// goes on, and nothing fails that could have been served.
final class Scheduler {
    let model: ModelHandle
    let context: EngineContext
    let pool: SequencePool
    let batch: EngineBatch
    var queue = FairQueue<SequenceRun>()
    /// Those that are computed, oldest first.
    var running: [SequenceRun] = []
    var policy: ChunkPolicy
    var counts = Counts()
    /// Bytes of the KV cache.
    let contextByteCount: Int64
    /// Set when a waiting request was stopped.
    var mayHaveStopped = false
    /// Sets the adapters' scales for the next batch; `nil` when there are none.
    var applyAdapters: ((_ scales: [String: Float]?) throws -> Void)?
    /// Proposes tokens; `nil` when nothing does.
    var speculation: (any Speculation)?
    /// Prefixes of the model's earlier lives; `nil` when none are kept.
    var archive: PrefixArchive?
    /// What the last turn computed; for tests.
    private(set) var lastTurn = Turn()
    var lastScales: [String: Float]??
    private var nextOrder: UInt64 = 0
    private var nextPrivateNumber: UInt64 = 0
    var queueHasChanged = false
    /// Turns since others were told what it does, and who ran and waited then.
    var quietTurnCount = 0
    var lastCrowd = (running: 0, waiting: 0)
    var activityCount = 0
    var lastKeptByteCount: Int64 = 0
    /// Whether windows were renewed since a batch was last computed: it helps once.
    var renewedWindows = false

    /// Tokens since the model was loaded.
    struct Counts {
        var generated: Int64 = 0
        var prompt: Int64 = 0
        var cachedPrompt: Int64 = 0
    }

    /// What a turn computed.
    struct Turn: Equatable {
        /// Sequences that answer.
        var decodingCount = 0
        /// Tokens proposed for them.
        var draftCount = 0
        /// Tokens of prompts.
        var promptCount = 0
        /// Sequences whose prompts those are.
        var prefillingCount = 0
    }

    /// Throws `InferenceError.outOfMemory`.
    init(model: ModelHandle, context: EngineContext, options: LoadOptions) throws {
        self.model = model
        self.context = context
        pool = SequencePool(context: context, byteLimit: options.prefixByteLimit)
        contextByteCount = context.memory.contextByteCount
        batch = try EngineBatch(capacity: context.batchSize)
        policy = ChunkPolicy(batchSize: context.batchSize, microBatchSize: context.microBatchSize)
    }

    /// Whether there is anything to do.
    var hasWork: Bool { !running.isEmpty || !queue.isEmpty }

    // MARK: Requests

    /// Takes a request in; one that can never be served is refused.
    func add(_ request: PreparedRequest) {
        let task = request.task
        guard !task.isStopped else { return }
        var content: [Int32] = []
        var media: [Int32: any MediaPiece] = [:]
        for piece in request.prompt.pieces {
            switch piece {
            case .tokens(let tokens): content += tokens
            case .media(let picture):
                let symbol = pool.table.symbol(of: picture)
                media[symbol] = picture
                content.append(symbol)
            }
        }
        let takes = max(pool.table.positionCount(of: content), pool.table.cellCount(of: content))
        guard !content.isEmpty else { return task.fail(InferenceError.emptyPrompt) }
        guard takes < context.contextLength else {
            return task.fail(
                InferenceError.promptTooLong(
                    promptTokenCount: takes, contextLength: context.contextLength,
                    trainedContextLength: model.trainedContextLength))
        }
        let boundaries = symbolBoundaries(request.prompt)
        nextPrivateNumber += 1
        let namespace = PrefixNamespace(
            tenant: task.request.tenant, adapterScales: task.request.adapterScales,
            privateNumber: task.request.usesPrefixCache ? 0 : nextPrivateNumber)
        pool.index.adopt(namespace)
        for choice in request.samplers.indices {
            let run = SequenceRun(
                request, choice: choice, content: content, boundaries: boundaries, media: media, namespace: namespace)
            enqueue(run, atFront: false)
        }
    }

    /// Boundaries are positions; with pictures those are not symbols.
    private func symbolBoundaries(_ prompt: PreparedPrompt) -> [Int] {
        guard prompt.pieces.contains(where: { if case .media = $0 { true } else { false } }) else {
            return prompt.boundaries
        }
        var starts: [(symbol: Int, position: Int, count: Int)] = []
        var (symbol, position) = (0, 0)
        for piece in prompt.pieces {
            if case .tokens(let tokens) = piece { starts.append((symbol, position, tokens.count)) }
            position += piece.positionCount
            if case .tokens(let tokens) = piece { symbol += tokens.count } else { symbol += 1 }
        }
        return prompt.boundaries.compactMap { boundary in
            starts.first { ($0.position...$0.position + $0.count).contains(boundary) }
                .map { $0.symbol + boundary - $0.position }
        }
    }

    func enqueue(_ run: SequenceRun, atFront: Bool) {
        let request = run.task.request
        queue.add(
            run, tenant: request.tenant, weight: request.tenantWeight, priority: request.priority, atFront: atFront)
        queueHasChanged = true
    }

    /// The number that the next one to be taken gets.
    func takeOrder() -> UInt64 {
        nextOrder += 1
        return nextOrder
    }

    // MARK: Turns

    /// Does what can be done next: computes one batch, or nothing when nobody can go on.
    ///
    /// Throws `InferenceError.decodeFailed` when the engine failed; those that were computed have been told, and
    /// nothing is in the cache any more.
    func turn() throws {
        lastTurn = Turn()
        reap()
        admit()
        tellPlaces()
        guard !running.isEmpty else { return }
        do {
            try compute()
        } catch {
            for run in running {
                run.task.fail(error)
                release(run)
            }
            running = []
            pool.removeAll()
            lastScales = nil
            throw error
        }
    }

    /// Ends those that nobody waits for any more, or whose time is over.
    private func reap() {
        let now = ContinuousClock.now
        for run in running where isOver(run, now) { stop(run) }
        guard mayHaveStopped || queue.count > 0 else { return }
        mayHaveStopped = false
        for run in queue.remove(where: { isOver($0, now) }) {
            queueHasChanged = true
            if run.order != .max, run.namespace.privateNumber != 0 { forgetPrivate(run) }
        }
    }

    /// Whether nobody waits for `run` any more; who waits too long is told.
    func isOver(_ run: SequenceRun, _ now: ContinuousClock.Instant) -> Bool {
        if run.task.isStopped { return true }
        guard run.task.isLate(at: now), let limit = run.task.request.timeLimit else { return false }
        run.task.fail(InferenceError.deadlineExceeded(limit: limit))
        return true
    }

    func setLastTurn(_ turn: Turn) { lastTurn = turn }
}

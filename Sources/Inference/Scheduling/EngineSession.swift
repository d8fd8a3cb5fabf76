import CLlama

/// One model's engine at work: serves one request after another. Lives on the engine's thread.
final class EngineSession {
    let model: ModelHandle
    let context: EngineContext
    let embedder: Embedder
    private let templates: TemplateCache
    private let info: LoadedModelInfo
    /// The tokens whose keys and values are in the cache, in order.
    private var cached: [Int32] = []

    /// Common beginnings shorter than this are computed again: batches of the same shape give the same numbers, and
    /// a few tokens are not worth the difference.
    private static let leastReuse = 16

    init(
        model: ModelHandle, context: EngineContext, templates: TemplateCache, info: LoadedModelInfo,
        embedder: Embedder
    ) {
        self.embedder = embedder
        self.model = model
        self.context = context
        self.templates = templates
        self.info = info
    }

    /// Serves `request` to its end; every outcome reaches its stream.
    func serve(_ request: QueuedRequest) {
        do {
            try generate(request)
        } catch {
            forget()
            request.fail(error)
        }
    }

    /// A dropped cache: the next request computes its whole prompt.
    private func forget() {
        context.clearCache()
        cached = []
    }

    private func generate(_ request: QueuedRequest) throws {
        guard !request.isStopped else { return }
        let started = ContinuousClock.now
        guard info.isGenerative else { throw InferenceError.notAGenerator(architecture: info.architecture) }
        let (prompt, stops) = try tokens(of: request)
        guard !prompt.isEmpty else { throw InferenceError.emptyPrompt }
        guard prompt.count < context.contextLength else {
            throw InferenceError.promptTooLong(
                promptTokenCount: prompt.count, contextLength: context.contextLength,
                trainedContextLength: info.trainedContextLength)
        }
        let sampler = try Sampler(request.options, model: model, contextLength: context.contextLength)
        sampler.accept(prompt: prompt)

        let reused = reuse(prompt)
        let promptStarted = ContinuousClock.now
        guard try prefill(prompt, from: reused, for: request) else { return forget() }
        let promptEnded = ContinuousClock.now

        var answer = Answer(stops: stops)
        let reason = try decode(request, sampler, &answer)
        guard let reason else { return forget() }
        let rest = answer.assembler.finish()
        answer.emit(rest, to: request)

        let now = ContinuousClock.now
        request.finish(
            GenerationResult(
                text: answer.text, tokens: answer.tokens, finishReason: reason, stopString: answer.assembler.metStop,
                promptTokenCount: prompt.count, cachedPromptTokenCount: reused,
                completionTokenCount: answer.sampledCount, seed: sampler.seed,
                queueDuration: started - request.submitted, promptDuration: promptEnded - promptStarted,
                completionDuration: (answer.lastToken ?? promptEnded) - promptEnded,
                timeToFirstToken: answer.firstToken.map { $0 - request.submitted },
                totalDuration: now - request.submitted))
    }

    /// The answer as it grows.
    private struct Answer {
        var assembler: TextAssembler
        var text = ""
        var tokens: [Int32] = []
        var sampledCount = 0
        var firstToken: ContinuousClock.Instant?
        var lastToken: ContinuousClock.Instant?

        init(stops: [String]) { assembler = TextAssembler(stops: stops) }

        mutating func emit(_ piece: String, to request: QueuedRequest) {
            guard !piece.isEmpty else { return }
            text += piece
            request.emit(.text(piece))
        }
    }

    private func tokens(of request: QueuedRequest) throws -> (tokens: [Int32], stops: [String]) {
        try request.request.validate()
        let stops = request.options.stop
        switch request.request.prompt {
        case .text(let text, let addSpecial):
            return (try tokenize(text, addSpecial: addSpecial), stops)
        case .chat(let chat):
            let prompt = try templates.prompt(for: chat.messages)
            return (try tokenize(prompt.prompt, addSpecial: true), stops + prompt.stops.filter { !$0.isEmpty })
        case .infill: throw InferenceError.noInfill(model: info.name)
        case .tokens(let tokens):
            if let wrong = tokens.first(where: { $0 < 0 || Int($0) >= info.vocabularyCount }) {
                throw InferenceError.invalidOption(
                    name: "prompt token", value: "\(wrong)", rule: "between 0 and \(info.vocabularyCount - 1)")
            }
            return (tokens, stops)
        }
    }

    private func tokenize(_ text: String, addSpecial: Bool) throws -> [Int32] {
        guard let tokens = model.tokenize(text, addSpecial: addSpecial, parseSpecial: true) else {
            throw InferenceError.decodeFailed(code: -1, reason: "the prompt could not be tokenized")
        }
        return tokens
    }

    /// Keeps as much of the cache as `prompt` begins with; returns how many tokens that is.
    private func reuse(_ prompt: [Int32]) -> Int {
        // The last token is always computed: its logits are needed.
        let common = zip(prompt.dropLast(), cached).prefix { $0 == $1 }.count
        guard common >= Self.leastReuse, context.truncateCache(to: common, of: cached.count) else {
            forget()
            return 0
        }
        cached.removeSubrange(common...)
        return common
    }

    /// Computes the prompt behind its first `start` tokens; false when the request was stopped.
    private func prefill(_ prompt: [Int32], from start: Int, for request: QueuedRequest) throws -> Bool {
        // Progress is worth waking a reader for when there is more than one step of it.
        let showsProgress = prompt.count - start > context.batchSize
        var position = start
        while position < prompt.count {
            guard !request.isStopped else { return false }
            var batch = Array(prompt[position..<min(position + context.batchSize, prompt.count)])
            guard try context.decode(&batch, for: request) else { return false }
            cached.append(contentsOf: batch)
            position += batch.count
            if showsProgress {
                request.emit(.promptProgress(processed: position, total: prompt.count, cached: start))
            }
        }
        return true
    }

    /// Generates until there is a reason to end; `nil` when the request was stopped within a computation.
    private func decode(
        _ request: QueuedRequest, _ sampler: borrowing Sampler, _ answer: inout Answer
    ) throws -> FinishReason? {
        let limit = request.options.maxTokens ?? .max
        var piece: [UInt8] = []
        while answer.sampledCount < limit {
            if request.isStopped { return .stop }
            let token = try sampler.next(context.pointer)
            let now = ContinuousClock.now
            answer.firstToken = answer.firstToken ?? now
            answer.lastToken = now
            answer.sampledCount += 1
            if llama_vocab_is_eog(model.vocabulary, token) { return .stop }

            answer.tokens.append(token)
            piece.removeAll(keepingCapacity: true)
            model.piece(of: token, into: &piece)
            answer.emit(answer.assembler.append(piece), to: request)
            if answer.assembler.metStop != nil { return .stop }
            guard answer.sampledCount < limit, cached.count < context.contextLength else { return .length }

            var batch = [token]
            guard try context.decode(&batch, for: request) else { return nil }
            cached.append(token)
        }
        return .length
    }
}

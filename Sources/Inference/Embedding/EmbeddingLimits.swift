import CLlama

/// What a model can embed, and how requests become work for it. Thread-safe.
struct EmbeddingLimits: Sendable {
    let model: ModelHandle
    /// Tokens that are computed together.
    let batchTokenCount: Int
    /// Tokens of texts that are put together to be computed at once.
    let packedTokenCount: Int
    /// Tokens that one text may have.
    let textTokenCount: Int

    init(model: ModelHandle, options: LoadOptions) {
        self.model = model
        let trained = model.trainedContextLength
        let asked = options.resolvedContextLength(trained: trained)
        // Positions beyond what was trained are not there in encoders' tables.
        textTokenCount = max(1, trained > 0 ? min(asked, trained) : asked)
        batchTokenCount = max(1, min(options.microBatchSize, options.batchSize))
        // Without flash attention every token is compared with all others of the batch, those of other texts too: with
        // 100 sentences through all-MiniLM-L6-v2, 512 tokens together took 2.0 times as long as 64. With it the mask
        // saves that, and together they take 0.6 of the time that they take alone.
        packedTokenCount = options.flashAttention == .off ? min(batchTokenCount, 64) : batchTokenCount
    }

    /// Throws `InferenceError.invalidOption`, `.emptyPrompt`, `.inputTooLong`.
    func work(for request: EmbeddingRequest) throws -> EmbeddingWork {
        try check(count: request.inputs.count, name: "input", tenantWeight: request.tenantWeight)
        if let count = request.dimensionCount, !(1...model.vectorLength).contains(count) {
            throw InferenceError.invalidOption(
                name: "dimensions", value: "\(count)", rule: "between 1 and \(model.vectorLength)")
        }
        let texts = try request.inputs.enumerated().map { index, input in
            let tokens = try tokens(of: input)
            guard tokens.count > textTokenCount else { return tokens }
            guard request.truncates else {
                throw InferenceError.inputTooLong(index: index, tokenCount: tokens.count, limit: textTokenCount)
            }
            return cut(tokens, of: input)
        }
        return work(texts, request.pooling?.engineType ?? defaultPooling)
    }

    /// Throws `InferenceError.notAReranker`, `.invalidOption`, `.inputTooLong`.
    func work(for request: RerankRequest) throws -> EmbeddingWork {
        guard model.pooling == LLAMA_POOLING_TYPE_RANK else {
            throw InferenceError.notAReranker(architecture: model.metadata("general.architecture") ?? "unknown")
        }
        try check(count: request.documents.count, name: "documents", tenantWeight: request.tenantWeight)
        let writer = RerankPrompt(model: model)
        let texts = try request.documents.enumerated().map { index, document in
            let tokens = try writer.tokens(query: request.query, document: document)
            guard !tokens.isEmpty else { throw InferenceError.emptyPrompt }
            guard tokens.count <= textTokenCount else {
                throw InferenceError.inputTooLong(index: index, tokenCount: tokens.count, limit: textTokenCount)
            }
            return tokens
        }
        return work(texts, LLAMA_POOLING_TYPE_RANK)
    }

    private func work(_ texts: [[Int32]], _ pooling: llama_pooling_type) -> EmbeddingWork {
        EmbeddingWork(
            texts, pooling: pooling, tokenLimit: packedTokenCount, textLimit: EmbeddingContext.textLimit(of: model))
    }

    private func check(count: Int, name: String, tenantWeight: Double) throws {
        guard count > 0 else {
            throw InferenceError.invalidOption(name: name, value: "empty", rule: "at least one text")
        }
        guard tenantWeight.isFinite, tenantWeight > 0 else {
            throw InferenceError.invalidOption(
                name: "tenant weight", value: "\(tenantWeight)", rule: "a number above 0")
        }
    }

    private func tokens(of input: EmbeddingRequest.Input) throws -> [Int32] {
        let tokens: [Int32]
        switch input {
        case .text(let text):
            guard let known = model.tokenize(text, addSpecial: true, parseSpecial: true) else {
                throw InferenceError.decodeFailed(code: -1, reason: "the text could not be tokenized")
            }
            tokens = known
        case .tokens(let given):
            if let wrong = given.first(where: { $0 < 0 || Int($0) >= model.vocabularyCount }) {
                throw InferenceError.invalidOption(
                    name: "input token", value: "\(wrong)", rule: "between 0 and \(model.vocabularyCount - 1)")
            }
            tokens = given
        }
        guard !tokens.isEmpty else { throw InferenceError.emptyPrompt }
        return tokens
    }

    /// The beginning of a text, with the token that the model wants at its end.
    private func cut(_ tokens: [Int32], of input: EmbeddingRequest.Input) -> [Int32] {
        let beginning = tokens.prefix(textTokenCount)
        guard case .text = input, let last = tokens.last, textTokenCount > 1,
            (llama_vocab_get_add_sep(model.vocabulary) && last == llama_vocab_sep(model.vocabulary))
                || (llama_vocab_get_add_eos(model.vocabulary) && last == llama_vocab_eos(model.vocabulary))
        else { return Array(beginning) }
        return beginning.dropLast() + [last]
    }

    /// What the model was made for, else the mean; a reranker was made for no vectors.
    var defaultPooling: llama_pooling_type {
        switch model.pooling {
        case nil, LLAMA_POOLING_TYPE_RANK: LLAMA_POOLING_TYPE_MEAN
        case let pooling?: pooling
        }
    }
}

extension ModelHandle {
    /// How the model's token vectors become one, as its file says; `nil` when it does not.
    var pooling: llama_pooling_type? {
        guard let architecture = metadata("general.architecture"),
            let number = metadata("\(architecture).pooling_type").flatMap(Int32.init), (0...4).contains(number)
        else { return nil }
        return llama_pooling_type(rawValue: number)
    }

    /// Values in one vector.
    var vectorLength: Int { Int(llama_model_n_embd_out(pointer)) }
}

extension EmbeddingRequest.Pooling {
    var engineType: llama_pooling_type {
        switch self {
        case .none: LLAMA_POOLING_TYPE_NONE
        case .mean: LLAMA_POOLING_TYPE_MEAN
        case .cls: LLAMA_POOLING_TYPE_CLS
        case .last: LLAMA_POOLING_TYPE_LAST
        }
    }
}

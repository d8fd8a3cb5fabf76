public import Inference

extension RemoteModel {
    /// Vectors of texts, scaled here as the request says.
    ///
    /// - Throws: `InferenceError`, ``RemoteEngineError``, `CancellationError`.
    public func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        if let pooling = request.pooling {
            throw InferenceError.invalidOption(
                name: "pooling", value: pooling.rawValue,
                rule: "left out for a model of another engine, which chooses it")
        }
        return try await counted {
            try await self.withEngine { attempt in
                var body = JSONWriter()
                body.put("model", attempt.remoteName)
                body.put("input", raw: try Self.input(request.inputs, attempt))
                if request.truncates, attempt.body.kind == .vllm { body.put("truncate_prompt_tokens", -1) }
                if request.normalization == .none, attempt.body.abilities.hasLlamaOptions {
                    body.put("embd_normalize", -1)
                }
                let answer: EmbeddingAnswer = try await attempt.ask(
                    attempt.engine.address.api("embeddings"), body, ability: "embeddings")
                return try answer.result(of: request)
            }
        }
    }

    private static func input(_ inputs: [EmbeddingRequest.Input], _ attempt: EngineAttempt) throws -> String {
        let texts = inputs.compactMap { if case .text(let text) = $0 { text } else { nil } }
        if texts.count == inputs.count { return JSONWriter.array(texts.map(JSONWriter.quoted)) }
        let lists = inputs.compactMap { if case .tokens(let tokens) = $0 { tokens } else { nil } }
        guard lists.count == inputs.count, attempt.body.abilities.takesTokens else {
            throw RemoteEngineError.unsupported(
                engine: attempt.engine.name, what: "vectors of token ids beside those of texts",
                advice: "send all inputs as text")
        }
        return JSONWriter.array(lists.map { JSONWriter.array($0.map(String.init)) })
    }

    /// Scores of documents.
    ///
    /// - Throws: `InferenceError`, ``RemoteEngineError``, `CancellationError`.
    public func rerank(_ request: RerankRequest) async throws -> RerankResult {
        try await counted {
            try await self.withEngine { attempt in
                guard attempt.body.abilities.hasRerank else {
                    throw RemoteEngineError.unsupported(
                        engine: attempt.engine.name, what: "ranking of documents",
                        advice: "use a model that ranks on llama-server, vLLM or Roost")
                }
                var body = JSONWriter()
                body.put("model", attempt.remoteName)
                body.put("query", request.query)
                body.put("documents", request.documents)
                body.put("top_n", request.documents.count)
                let answer: RerankAnswer = try await attempt.ask(
                    attempt.engine.address.api("rerank"), body, ability: "ranking of documents")
                return try answer.result(of: request)
            }
        }
    }
}

/// `POST /v1/embeddings`.
private struct EmbeddingAnswer: Decodable, Sendable {
    struct Item: Decodable, Sendable {
        var index: Int?
        var embedding: [Float]
    }

    struct Usage: Decodable, Sendable {
        var promptTokens: Int?

        enum CodingKeys: String, CodingKey { case promptTokens = "prompt_tokens" }
    }

    var data: [Item]
    var usage: Usage?

    /// Throws `EngineFailure` for an answer that does not fit the question.
    func result(of request: EmbeddingRequest) throws -> EmbeddingResult {
        var vectors: [[Float]?] = Array(repeating: nil, count: request.inputs.count)
        for (place, item) in data.enumerated() {
            let index = item.index ?? place
            guard vectors.indices.contains(index), vectors[index] == nil, !item.embedding.isEmpty else {
                throw EngineFailure.engine(reason: "its vectors are not those of the inputs")
            }
            vectors[index] = scaled(item.embedding, request)
        }
        let found = vectors.compactMap(\.self)
        guard found.count == request.inputs.count else {
            throw EngineFailure.engine(reason: "it gave \(found.count) vectors for \(request.inputs.count) inputs")
        }
        return EmbeddingResult(
            vectors: found.map { [$0] },
            tokenCounts: TokenShares.of(usage?.promptTokens ?? 0, count: request.inputs.count))
    }

    private func scaled(_ vector: [Float], _ request: EmbeddingRequest) -> [Float] {
        let vector = request.dimensionCount.map { Array(vector.prefix($0)) } ?? vector
        guard request.normalization == .euclidean else { return vector }
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : vector
    }
}

/// `POST /v1/rerank`.
private struct RerankAnswer: Decodable, Sendable {
    struct Item: Decodable, Sendable {
        var index: Int
        var score: Float

        private enum CodingKeys: String, CodingKey {
            case index, score
            case relevance = "relevance_score"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            index = try container.decode(Int.self, forKey: .index)
            score =
                try container.decodeIfPresent(Float.self, forKey: .relevance)
                ?? container.decode(Float.self, forKey: .score)
        }
    }

    struct Usage: Decodable, Sendable {
        var promptTokens: Int?
        var totalTokens: Int?

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case totalTokens = "total_tokens"
        }
    }

    var results: [Item]
    var usage: Usage?

    /// Throws `EngineFailure` for an answer that does not fit the question.
    func result(of request: RerankRequest) throws -> RerankResult {
        var scores: [Float?] = Array(repeating: nil, count: request.documents.count)
        for item in results where scores.indices.contains(item.index) { scores[item.index] = item.score }
        let found = scores.compactMap(\.self)
        guard found.count == scores.count else {
            throw EngineFailure.engine(reason: "it gave \(found.count) scores for \(scores.count) documents")
        }
        return RerankResult(
            scores: found,
            tokenCounts: TokenShares.of(usage?.promptTokens ?? usage?.totalTokens ?? 0, count: found.count))
    }
}

/// Tokens of several texts: engines tell the sum alone, so each is said to have an equal share.
private enum TokenShares {
    static func of(_ total: Int, count: Int) -> [Int] {
        guard count > 0 else { return [] }
        let total = AnswerAssembly.tokenCount(total)
        return (0..<count).map { total / count + ($0 < total % count ? 1 : 0) }
    }
}

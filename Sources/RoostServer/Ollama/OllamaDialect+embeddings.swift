import Hummingbird
import Roost

extension OllamaDialect {
    var embeddingRoutes: [ServerRoute] {
        [
            .post("/api/embed", .scope(.infer)) { request, context in
                try await embed(reader.decode(OllamaEmbedRequest.self, from: request), context)
            },
            .post("/api/embeddings", .scope(.infer)) { request, context in
                try await embed(reader.decode(OllamaEmbeddingsRequest.self, from: request), context)
            },
        ]
    }

    private func embed(_ body: OllamaEmbedRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try OllamaFields.required(body.model)
        let request = try body.embeddingRequest()
        let started = ContinuousClock.now
        let (result, loadDuration) = try await vectors(
            request, model, body.options, body.keepAlive, context)
        return try WireJSON.response(
            OllamaEmbedAnswer(
                model: model, embeddings: result.vectors.map { $0.first ?? [] },
                totalDuration: (ContinuousClock.now - started).nanoseconds, loadDuration: loadDuration.nanoseconds,
                promptEvalCount: result.tokenCounts.reduce(0, +)), warning: body.options?.warning)
    }

    private func embed(_ body: OllamaEmbeddingsRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try OllamaFields.required(body.model)
        let (result, _) = try await vectors(
            body.embeddingRequest(), model, body.options, body.keepAlive, context)
        return try WireJSON.response(
            OllamaEmbeddingsAnswer(embedding: result.vectors.first?.first ?? []), warning: body.options?.warning)
    }

    /// Without a text the model is loaded and nothing computed, as Ollama does.
    private func vectors(
        _ request: EmbeddingRequest, _ model: String, _ options: OllamaOptions?, _ keepAlive: OllamaKeepAlive?,
        _ context: RoostRequestContext
    ) async throws -> (EmbeddingResult, loadDuration: Duration) {
        var request = request
        request.tenant = context.caller.name
        return try await runner.answer(
            on: model, load: try await options.loadOptions(of: model, manager), keepAlive: keepAlive?.value,
            for: context
        ) { [request] loaded, loadDuration in
            if request.inputs.isEmpty { return (EmbeddingResult(vectors: [], tokenCounts: []), loadDuration) }
            return (try await loaded.embed(request), loadDuration)
        }
    }
}

/// `POST /api/embed`.
struct OllamaEmbedRequest: Decodable, Sendable {
    var model: String?
    var input: WireTexts?
    var truncate: Bool?
    var dimensions: Int?
    var keepAlive: OllamaKeepAlive?
    var options: OllamaOptions?

    enum CodingKeys: String, CodingKey {
        case model, input, truncate, dimensions, options
        case keepAlive = "keep_alive"
    }

    /// What is asked of the engine. Throws `APIError.invalidRequest`.
    func embeddingRequest() throws -> EmbeddingRequest {
        // In a list also an empty text has its vector: clients put texts and vectors side by side.
        var request = EmbeddingRequest(input.map { $0.isEmptyText ? [] : $0.inputs } ?? [])
        request.truncates = truncate ?? true
        if let dimensions, dimensions != 0 {
            guard dimensions > 0 else {
                throw APIError.invalidRequest(
                    "dimensions is \(dimensions), but must be at least 1.", parameter: "dimensions")
            }
            request.dimensionCount = dimensions
        }
        return request
    }
}

/// `POST /api/embeddings`, the older form: one text, its vector as the model gives it.
struct OllamaEmbeddingsRequest: Decodable, Sendable {
    var model: String?
    var prompt: String?
    var keepAlive: OllamaKeepAlive?
    var options: OllamaOptions?

    enum CodingKeys: String, CodingKey {
        case model, prompt, options
        case keepAlive = "keep_alive"
    }

    /// What is asked of the engine.
    func embeddingRequest() -> EmbeddingRequest {
        var request = EmbeddingRequest((prompt ?? "").isEmpty ? [] : [.text(prompt ?? "")])
        request.truncates = true
        request.normalization = .none
        return request
    }
}

/// The answer to `/api/embed`; durations in nanoseconds.
struct OllamaEmbedAnswer: Encodable, Sendable {
    let model: String
    let embeddings: [[Float]]
    let totalDuration: Int64
    let loadDuration: Int64
    let promptEvalCount: Int

    enum CodingKeys: String, CodingKey {
        case model, embeddings
        case totalDuration = "total_duration"
        case loadDuration = "load_duration"
        case promptEvalCount = "prompt_eval_count"
    }
}

/// The answer to `/api/embeddings`.
struct OllamaEmbeddingsAnswer: Encodable, Sendable {
    let embedding: [Float]
}

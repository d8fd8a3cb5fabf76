import Hummingbird
import Roost

extension OpenAIDialect {
    /// The paths under which clients of llama-server and Jina ask.
    static let rerankPaths = ["/v1/rerank", "/v1/reranking", "/rerank", "/reranking"]

    var vectorRoutes: [ServerRoute] {
        let embeddings = ServerRoute.post("/v1/embeddings", .scope(.infer)) { request, context in
            try await embed(reader.decode(OpenAIEmbeddingRequest.self, from: request), context)
        }
        return [embeddings]
            + Self.rerankPaths.map { path in
                .post(path, .scope(.infer)) { request, context in
                    try await rerank(reader.decode(RerankBody.self, from: request), context)
                }
            }
    }

    private func embed(_ body: OpenAIEmbeddingRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try OpenAIFields.model(body.model)
        let isBase64 = try body.isBase64()
        var request = try body.embeddingRequest()
        request.tenant = context.caller.name
        let result = try await runner.answer(on: model, for: context) { [request] loaded, _ in
            try await loaded.embed(request)
        }
        return try WireJSON.response(OpenAIEmbeddingList(result, model: model, isBase64: isBase64))
    }

    private func rerank(_ body: RerankBody, _ context: RoostRequestContext) async throws -> Response {
        let model = try OpenAIFields.model(body.model)
        var request = try body.rerankRequest()
        request.tenant = context.caller.name
        let result = try await runner.answer(on: model, for: context) { [request] loaded, _ in
            try await loaded.rerank(request)
        }
        return try WireJSON.response(RerankList(result, of: body, model: model))
    }
}

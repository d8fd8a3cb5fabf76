import Foundation
import HTTPTypes
import Hummingbird
import Roost

/// Anthropic's Messages under `/v1/messages`: conversations with pictures, tools and thinking, whole or as events, and
/// the count of their tokens. The header `anthropic-version` is not required.
struct AnthropicDialect: Dialect {
    let parts: ServerParts
    private var runner: GenerationRunner { parts.runner }
    private var reader: RequestReader { parts.reader }

    func owns(path: String) -> Bool { path == "/v1/messages" || path.hasPrefix("/v1/messages/") }

    /// Whether a request on a path that OpenAI's clients share comes from a client of this dialect.
    static func isAsked(by request: Request) -> Bool { request.headers[.anthropicVersion] != nil }

    var routes: [ServerRoute] {
        [
            .post("/v1/messages", .scope(.infer)) { request, context in
                try await answer(reader.decode(AnthropicRequest.self, from: request), context)
            },
            .post("/v1/messages/count_tokens", .scope(.infer)) { request, context in
                let request = try await reader.decode(AnthropicRequest.self, from: request)
                let count = try await runner.countTokens(
                    of: try request.chatRequest(), on: try request.requiredModel(), for: context)
                return try WireJSON.response(AnthropicTokenCount(inputTokens: count))
            },
        ]
    }

    private func answer(_ request: AnthropicRequest, _ context: RoostRequestContext) async throws -> Response {
        let model = try request.requiredModel()
        var job = GenerationJob(model: model, request: try request.generationRequest())
        job.given = request.givenNames
        let message = AnthropicMessage(id: WireIdentifier.make("msg_"), model: model)
        let stops = Set(request.stopSequences ?? [])
        guard request.stream ?? false else {
            let generation = try await runner.start(job, for: context)
            guard let result = try await generation.answers().first?.result else {
                throw APIError.unavailable("The request was cancelled.")
            }
            return try WireJSON.response(message.whole(result, stops: stops), warning: generation.warning)
        }
        // A stream tells the prompt's tokens before anything is generated, where they are counted here; with the end
        // they come once more.
        let count: Int? =
            if case .chat(let chat) = job.request.prompt, !job.hasImages, try await !runner.isComputedElsewhere(model) {
                try await runner.countTokens(of: chat, on: model, for: context)
            } else {
                nil
            }
        let generation = try await runner.start(job, for: context)
        return generation.response(
            framedBy: AnthropicFrames(message: message, promptTokenCount: count ?? 0, stops: stops))
    }

    func response(to error: APIError) -> Response {
        (try? WireJSON.response(AnthropicError(error), status: error.status)) ?? Response(status: error.status)
    }
}

extension HTTPField.Name {
    fileprivate static let anthropicVersion = Self("anthropic-version") ?? .server
}

/// `{"type": "error", "error": {type, message}}`.
struct AnthropicError: Encodable, Sendable {
    struct Detail: Encodable, Sendable {
        let type: String
        let message: String
    }

    var type = "error"
    let error: Detail

    init(_ error: APIError) {
        let message: String
        if case .modelNotFound(let name) = error { message = "model: \(name)" } else { message = error.message }
        self.error = Detail(type: Self.type(ofStatus: error.status.code), message: message)
    }

    private static func type(ofStatus status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}

/// `POST /v1/messages/count_tokens`.
struct AnthropicTokenCount: Encodable, Sendable {
    let inputTokens: Int

    enum CodingKeys: String, CodingKey {
        case inputTokens = "input_tokens"
    }
}

/// `GET /v1/models` for clients of this dialect.
struct AnthropicModelList: Encodable, Sendable {
    struct Model: Encodable, Sendable {
        var type = "model"
        let id: String
        let displayName: String
        let createdAt: String

        init(_ model: ServedModel) {
            id = model.name
            let modifiedAt: Date?
            switch model {
            case .stored(let record): (displayName, modifiedAt) = (record.name.display, record.modifiedAt)
            case .remote(let offer): (displayName, modifiedAt) = (offer.name, offer.facts.modifiedAt)
            }
            createdAt = (modifiedAt ?? Date(timeIntervalSince1970: 0)).formatted(.iso8601)
        }

        enum CodingKeys: String, CodingKey {
            case type, id
            case displayName = "display_name"
            case createdAt = "created_at"
        }
    }

    let data: [Model]

    init(_ models: [ServedModel]) { data = models.map(Model.init) }

    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
        case firstID = "first_id"
        case lastID = "last_id"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(data, forKey: .data)
        try container.encode(false, forKey: .hasMore)
        try container.encode(Nullable(data.first?.id), forKey: .firstID)
        try container.encode(Nullable(data.last?.id), forKey: .lastID)
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import Roost

/// OpenAI's HTTP API under `/v1`: chat, completions, embeddings; and reranking, as others have it there.
struct OpenAIDialect: Dialect {
    let parts: ServerParts
    var manager: ModelManager { parts.manager }
    var runner: GenerationRunner { parts.runner }
    var reader: RequestReader { parts.reader }

    /// Changes with the program, which is what may change answers to one seed.
    var fingerprint: String { "roost-\(parts.configuration.version)" }

    func owns(path: String) -> Bool {
        // Anthropic's dialect, which stands before this one, takes its own paths under /v1.
        path == "/v1" || path.hasPrefix("/v1/") || Self.rerankPaths.contains(path)
    }

    var routes: [ServerRoute] {
        [
            .get("/v1/models", .scope(.read)) { request, context in
                // Clients of both services ask here.
                if AnthropicDialect.isAsked(by: request) {
                    return try WireJSON.response(AnthropicModelList(try await parts.servedModels(for: context.caller)))
                }
                if manager.hasEngines {
                    return try WireJSON.response(
                        OpenAIModelList(data: try await parts.servedModels(for: context.caller).map { .init($0) }))
                }
                return try await parts.remembered.response("/v1/models", for: context) {
                    OpenAIModelList(data: try await parts.models(for: context.caller).map { .init($0) })
                }
            },
            // A name may hold slashes: hf.co/user/repo:tag.
            .get("/v1/models/**", .scope(.read)) { request, context in
                let model = try await model(in: context)
                if AnthropicDialect.isAsked(by: request) {
                    return try WireJSON.response(AnthropicModelList.Model(model))
                }
                return try WireJSON.response(OpenAIModelList.Model(model))
            },
            .delete("/v1/models/**", .scope(.delete)) { _, context in
                let name = try await model(in: context).name
                do {
                    try await manager.delete(name)
                } catch {
                    throw APIError(error, model: name)
                }
                return try WireJSON.response(OpenAIDeletion(id: name, object: "model"))
            },
        ] + generationRoutes + vectorRoutes + responseRoutes
    }

    /// The model that the path names.
    private func model(in context: RoostRequestContext) async throws -> ServedModel {
        let path = context.parameters.getCatchAll().joined(separator: "/")
        let name = path.removingPercentEncoding ?? path
        try await parts.requireModel(name, for: context)
        do {
            return try await manager.servedModel(named: name)
        } catch {
            throw APIError(error, model: name)
        }
    }

    func response(to error: APIError) -> Response {
        (try? WireJSON.response(OpenAIErrorBody(error), status: error.status)) ?? Response(status: error.status)
    }
}

/// `GET /v1/models`.
struct OpenAIModelList: Encodable, Sendable {
    struct Model: Encodable, Sendable {
        let id: String
        var object = "model"
        let created: Int
        var ownedBy = "library"

        init(_ record: ModelRecord) {
            id = record.name.description
            created = Int(record.modifiedAt.timeIntervalSince1970)
        }

        enum CodingKeys: String, CodingKey {
            case id, object, created
            case ownedBy = "owned_by"
        }
    }

    var object = "list"
    let data: [Model]
}

/// What became of something that was to be deleted.
struct OpenAIDeletion: Encodable, Sendable {
    let id: String
    let object: String
    var deleted = true
}

/// `{"error": {message, type, param, code}}`.
struct OpenAIErrorBody: Encodable, Sendable {
    struct Detail: Encodable, Sendable {
        let message: String
        let type: String
        let param: Nullable<String>
        let code: Nullable<String>
    }

    let error: Detail

    init(_ error: APIError) {
        var message = error.message
        var type = "invalid_request_error"
        var parameter: String?
        var code: String?
        switch error {
        case .invalidRequest(_, let name, let given):
            parameter = name
            code = given
        case .modelNotFound(let name):
            message = "The model `\(name)` does not exist or you do not have access to it."
            code = "model_not_found"
        case .notFound(_, let name, let given):
            parameter = name
            code = given
        case .noEndpoint: code = "unknown_url"
        case .methodNotAllowed: code = "method_not_supported"
        case .unauthorized:
            type = "authentication_error"
            code = "invalid_api_key"
        case .forbidden: type = "permission_error"
        case .unavailable, .failure, .insufficientStorage: type = "server_error"
        case .bodyTooLarge, .bodyUnreadable, .conflict, .requestTimeout, .headTooLarge: break
        }
        self.error = Detail(message: message, type: type, param: Nullable(parameter), code: Nullable(code))
    }
}

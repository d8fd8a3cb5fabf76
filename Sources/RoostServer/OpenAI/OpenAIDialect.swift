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

    func owns(path: String) -> Bool {
        path == "/v1" || path.hasPrefix("/v1/") || Self.rerankPaths.contains(path)
    }

    var routes: [ServerRoute] {
        [
            .get("/v1/models", .scope(.read)) { _, _ in
                try WireJSON.response(OpenAIModelList(data: try await manager.downloadedModels().map { .init($0) }))
            },
            // A name may hold slashes: hf.co/user/repo:tag.
            .get("/v1/models/**", .scope(.read)) { _, context in
                let path = context.parameters.getCatchAll().joined(separator: "/")
                return try await model(named: path.removingPercentEncoding ?? path)
            },
        ] + generationRoutes + vectorRoutes
    }

    private func model(named name: String) async throws -> Response {
        do {
            return try WireJSON.response(OpenAIModelList.Model(try await manager.model(named: name)))
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
        case .forbidden: type = "permission_error"
        case .unavailable, .failure, .insufficientStorage: type = "server_error"
        case .bodyTooLarge, .bodyUnreadable, .conflict: break
        }
        self.error = Detail(message: message, type: type, param: Nullable(parameter), code: Nullable(code))
    }
}

import Hummingbird
import Roost

/// What llama-server has besides OpenAI's API: tokens and templates, gaps in files, and its own completions. The model
/// is the one that `model` names; without it the active one, or the only one that is loaded.
struct LlamaServerDialect: Dialect {
    let parts: ServerParts
    var manager: ModelManager { parts.manager }
    var runner: GenerationRunner { parts.runner }
    var reader: RequestReader { parts.reader }

    private static let paths: Set<String> = [
        "/tokenize", "/detokenize", "/apply-template", "/infill", "/completion", "/completions",
    ]

    func owns(path: String) -> Bool { Self.paths.contains(path) }

    var routes: [ServerRoute] { tokenRoutes + generationRoutes }

    func response(to error: APIError) -> Response {
        (try? WireJSON.response(LlamaServerError(error), status: error.status)) ?? Response(status: error.status)
    }

    /// The model that a request means.
    ///
    /// Throws `APIError.invalidRequest` when it names none and none is obvious.
    func model(_ name: String?, for context: RoostRequestContext) async throws -> String {
        if let name, !name.isEmpty { return name }
        do {
            let mayUse = { (name: ModelName) in context.caller.mayUse(model: name) }
            if let active = try await manager.activeModel(), mayUse(active.name) { return active.name.description }
            let loaded = try await manager.loadedModels().filter { mayUse($0.record.name) }
            if loaded.count == 1 { return loaded[0].record.name.description }
            throw APIError.invalidRequest(
                "model is required: no model is active, and \(loaded.count == 0 ? "none is" : "several are") loaded.",
                parameter: "model")
        } catch {
            throw APIError(error)
        }
    }
}

/// `{"error": {code, message, type}}`.
struct LlamaServerError: Encodable, Sendable {
    struct Detail: Encodable, Sendable {
        let code: Int
        let message: String
        let type: String
    }

    let error: Detail

    init(_ error: APIError) {
        let status = error.status.code
        let type =
            switch status {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 503: "unavailable_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        if case .invalidRequest(_, _, "context_length_exceeded") = error {
            self.error = Detail(code: status, message: error.message, type: "exceed_context_size_error")
        } else {
            self.error = Detail(code: status, message: error.message, type: type)
        }
    }
}

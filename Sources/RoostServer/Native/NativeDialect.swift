import Hummingbird
import Roost

/// Roost's own endpoints. Errors take Ollama's form, which is the plainest.
struct NativeDialect: Dialect {
    let parts: ServerParts
    private var manager: ModelManager { parts.manager }
    private var reader: RequestReader { parts.reader }

    func owns(path: String) -> Bool { path == "/health" || path.hasPrefix("/roost/") }

    var routes: [ServerRoute] {
        [
            .get("/health", .everyone) { _, _ in
                try WireJSON.response(Health(status: "ok", version: parts.configuration.version))
            },
            .post("/roost/pin", .scope(.admin)) { request, _ in
                try await pin(reader.decode(PinRequest.self, from: request))
            },
            .post("/roost/unpin", .scope(.admin)) { request, _ in
                try await unpin(reader.decode(PinRequest.self, from: request))
            },
        ] + conversationRoutes
    }

    /// Loads a model and keeps it until it is unloaded or unpinned.
    private func pin(_ request: PinRequest) async throws -> Response {
        let name = try OllamaFields.required(request.model)
        do {
            try await manager.load(name, pinning: true)
            return try WireJSON.response(PinAnswer(model: name, pinned: true, changed: true))
        } catch {
            throw APIError(error, model: name)
        }
    }

    /// Lets a model go by its keep-alive again.
    private func unpin(_ request: PinRequest) async throws -> Response {
        let name = try OllamaFields.required(request.model)
        do {
            let wasPinned = try await manager.unpin(name)
            return try WireJSON.response(PinAnswer(model: name, pinned: false, changed: wasPinned))
        } catch {
            throw APIError(error, model: name)
        }
    }

    func response(to error: APIError) -> Response {
        (try? WireJSON.response(OllamaError(error: error.message), status: error.status))
            ?? Response(status: error.status)
    }
}

/// `GET /health`.
struct Health: Encodable, Sendable {
    let status: String
    let version: String
}

/// `POST /roost/pin`, `POST /roost/unpin`.
struct PinRequest: Decodable, Sendable {
    var model: String?
}

/// What became of it.
struct PinAnswer: Encodable, Sendable {
    let model: String
    let pinned: Bool
    let changed: Bool
}

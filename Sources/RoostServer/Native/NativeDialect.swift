import Hummingbird

/// Roost's own endpoints. Errors take Ollama's form, which is the plainest.
struct NativeDialect: Dialect {
    let version: String

    func owns(path: String) -> Bool { path == "/health" || path.hasPrefix("/roost/") }

    func addRoutes(to router: Router<RoostRequestContext>) {
        router.get("/health") { _, _ in
            try WireJSON.response(Health(status: "ok", version: version))
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

import Hummingbird
import NIOCore
import Roost

/// Ollama's HTTP API under `/api`, and the root that its clients ask whether the server runs.
struct OllamaDialect: Dialect {
    let manager: ModelManager
    let runner: GenerationRunner
    let reader: RequestReader
    let version: String

    func owns(path: String) -> Bool { path == "/" || path == "/api" || path.hasPrefix("/api/") }

    func addRoutes(to router: Router<RoostRequestContext>) {
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(staticString: "Roost is running")))
        }
        router.get("/api/version") { _, _ in try WireJSON.response(OllamaVersion(version: version)) }
        addGenerationRoutes(to: router)
        addEmbeddingRoutes(to: router)
        addModelRoutes(to: router)
    }

    func response(to error: APIError) -> Response {
        (try? WireJSON.response(OllamaError(error: error.message), status: error.status))
            ?? Response(status: error.status)
    }
}

/// `{"error": "…"}`, as an answer and as the last line of a stream.
struct OllamaError: Encodable, Sendable {
    let error: String
}

struct OllamaVersion: Encodable {
    let version: String
}

import Hummingbird
import NIOCore
import Roost

/// Ollama's HTTP API under `/api`, and the root that its clients ask whether the server runs.
struct OllamaDialect: Dialect {
    let parts: ServerParts
    var manager: ModelManager { parts.manager }
    var runner: GenerationRunner { parts.runner }
    var reader: RequestReader { parts.reader }

    func owns(path: String) -> Bool { path == "/" || path == "/api" || path.hasPrefix("/api/") }

    var routes: [ServerRoute] {
        [
            // Word for word: there are clients that look for it. The Server header tells who answers.
            .get("/", .everyone) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                    body: .init(byteBuffer: ByteBuffer(staticString: "Ollama is running")))
            },
            .get("/api/version", .everyone) { _, _ in
                try WireJSON.response(OllamaVersion(version: parts.configuration.version))
            },
        ] + generationRoutes + embeddingRoutes + modelRoutes + pullRoutes + createRoutes + blobRoutes
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

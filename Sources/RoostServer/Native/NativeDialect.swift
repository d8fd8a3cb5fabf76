import HTTPTypes
import Hummingbird
import NIOCore
import Roost

/// Roost's own endpoints, and the document that describes them.
struct NativeDialect: Dialect {
    let parts: ServerParts
    /// The endpoints with their descriptions.
    let endpoints: [NativeRoute]

    init(parts: ServerParts) {
        self.parts = parts
        let api = NativeAPI(parts: parts)
        let described =
            api.serverRoutes + api.machineRoutes + api.findingRoutes + api.modelRoutes + api.memoryRoutes
            + api.downloadRoutes + api.eventRoutes + api.conversationRoutes
        let draft = described + [api.documentRoute(ByteBuffer())]
        let document = OpenAPIDocument(version: parts.configuration.version, routes: draft)
        // A value of JSON has a JSON form always.
        let encoded = (try? WireJSON.frame(document.json, suffix: "")) ?? ByteBuffer()
        endpoints = described + [api.documentRoute(encoded)]
    }

    var routes: [ServerRoute] { endpoints.map(\.route) }

    func owns(path: String) -> Bool {
        path == "/health" || path == "/openapi.json" || path == "/roost" || path.hasPrefix("/roost/")
    }

    func response(to error: APIError) -> Response { NativeFailure(error).response }
}

/// What the handlers of Roost's own endpoints work with.
struct NativeAPI: Sendable {
    let parts: ServerParts
    var manager: ModelManager { parts.manager }
    var native: NativeParts { parts.native }

    /// An endpoint; its description cannot be left out.
    func endpoint(
        _ method: HTTPRequest.Method, _ path: String, _ access: ServerRoute.Access, _ operation: Operation,
        _ handler: @escaping NativeRoute.Handler
    ) -> NativeRoute {
        NativeRoute(method, path, access, operation, reader: parts.reader, handler)
    }

    /// Runs `body` for the model that the request names, if the caller may use it; errors are told of it.
    func about<Answer>(
        _ model: String?, for request: NativeRequest, _ body: () async throws -> Answer
    ) async throws -> Answer {
        request.context.record.model = model
        do {
            if let model { try await parts.requireModel(model, for: request.context) }
            return try await body()
        } catch {
            throw NativeFailure(error, model: model)
        }
    }

    /// The model's name in a path.
    static let name = Operation.Parameter(
        name: "name", schema: .text(1...255, "The model's name, “/” written as `%2F`."))
}

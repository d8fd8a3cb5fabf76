import Hummingbird

/// Refuses requests that come on open connections after the server was told to stop.
struct DrainGuard: RouterMiddleware {
    typealias Context = RoostRequestContext

    let control: ServerControl

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        guard control.isDraining else { return try await next(request, context) }
        // Who asks how the server is gets to know.
        guard request.uri.path == "/health" else { throw APIError.stopping }
        return try await next(request, context)
    }
}

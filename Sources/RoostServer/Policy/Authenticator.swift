import Hummingbird
import Logging
import Security

/// Finds out who sends a request. Each endpoint says which scope it asks of that caller (`ServerRoute`); what there is
/// no endpoint for, nobody is told.
struct Authenticator: RouterMiddleware {
    typealias Context = RoostRequestContext

    let policy: KeyPolicy

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        do {
            context.caller = try policy.caller(of: request, isLocalSocket: context.isLocalSocket)
        } catch {
            context.logger.error("Access keys cannot be read", metadata: ["reason": "\(error)"])
            context.caller = .nobody(.unreadable)
        }
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            throw context.caller.refusal?.error ?? error
        }
    }
}

import HTTPTypes
import Hummingbird
import Security

/// One endpoint: its method, its path, who may call it, and what it does. There is no way to add an endpoint without
/// saying who may call it.
struct ServerRoute: Sendable {
    /// Who may call an endpoint.
    enum Access: Sendable, Hashable {
        /// Whoever reaches the server, without a key: whether it runs, which version.
        case everyone
        /// Callers that have the scope.
        case scope(AccessScope)
    }

    typealias Handler = @Sendable (Request, RoostRequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// The path as Hummingbird writes it: `/v1/models/**`, `/roost/v1/downloads/{id}`.
    let path: String
    let access: Access
    let handler: Handler

    static func get(_ path: String, _ access: Access, _ handler: @escaping Handler) -> ServerRoute {
        ServerRoute(method: .get, path: path, access: access, handler: handler)
    }

    static func head(_ path: String, _ access: Access, _ handler: @escaping Handler) -> ServerRoute {
        ServerRoute(method: .head, path: path, access: access, handler: handler)
    }

    static func post(_ path: String, _ access: Access, _ handler: @escaping Handler) -> ServerRoute {
        ServerRoute(method: .post, path: path, access: access, handler: handler)
    }

    static func put(_ path: String, _ access: Access, _ handler: @escaping Handler) -> ServerRoute {
        ServerRoute(method: .put, path: path, access: access, handler: handler)
    }

    static func patch(_ path: String, _ access: Access, _ handler: @escaping Handler) -> ServerRoute {
        ServerRoute(method: .patch, path: path, access: access, handler: handler)
    }

    static func delete(_ path: String, _ access: Access, _ handler: @escaping Handler) -> ServerRoute {
        ServerRoute(method: .delete, path: path, access: access, handler: handler)
    }

    /// Adds the endpoint, behind its policy.
    func add(to router: Router<RoostRequestContext>) {
        router.on(RouterPath(path), method: method) { request, context in
            context.record.caller = context.caller.name
            try context.caller.require(access)
            return try await handler(request, context)
        }
    }
}

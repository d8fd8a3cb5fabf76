import HTTPTypes
import Hummingbird
import Logging

/// Turns every error into the form of the dialect that owns the path, and marks every answer with the server's name.
struct ErrorResponder: RouterMiddleware {
    typealias Context = RoostRequestContext

    let dialects: [any Dialect]
    /// The methods that each path has, to tell a wrong method from a wrong path.
    let methods: [String: Set<String>]
    let serverName: String

    func handle(
        _ request: Request, context: RoostRequestContext,
        next: (Request, RoostRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let failure = apiError(for: error, request: request)
            if case .failure(let message) = failure {
                context.logger.error(
                    "Request failed", metadata: ["path": "\(request.uri.path)", "reason": "\(message)"])
            }
            let dialect = dialects.first { $0.owns(path: request.uri.path) } ?? dialects.first
            response = dialect?.response(to: failure) ?? Response(status: failure.status)
            if case .unavailable = failure { response.headers[.retryAfter] = "1" }
            if case .methodNotAllowed = failure, let methods = methods[request.uri.path] {
                // The router answers HEAD where it answers GET.
                let all = methods.contains("GET") ? methods.union(["HEAD"]) : methods
                response.headers[.allow] = all.sorted().joined(separator: ", ")
            }
            if case .unauthorized = failure { response.headers[.wwwAuthenticate] = #"Bearer realm="Roost""# }
            if request.method == .head { response = response.createHeadResponse() }
        }
        response.headers[.server] = serverName
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    private func apiError(for error: any Error, request: Request) -> APIError {
        guard let error = error as? HTTPError else { return APIError(error) }
        if error.status == .notFound {
            let path = request.uri.path
            guard let allowed = methods[path] else {
                return .noEndpoint("There is no endpoint \(request.method.rawValue) \(path.prefix(255)).")
            }
            return .methodNotAllowed(
                "\(path) takes \(allowed.sorted().joined(separator: " or ")), not \(request.method.rawValue).")
        }
        return .invalidRequest(error.body ?? error.status.reasonPhrase)
    }
}

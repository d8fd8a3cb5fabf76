import HTTPTypes
import Hummingbird
import Logging

/// An endpoint of Roost's own API with its description. There is no way to add one without the other: parameters and
/// body are checked against the description before the handler sees them.
struct NativeRoute: Sendable {
    typealias Handler = @Sendable (NativeRequest) async throws -> Response

    let route: ServerRoute
    let operation: Operation

    /// - Parameter reader: reads bodies within the server's limits.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: ServerRoute.Access, _ operation: Operation,
        reader: RequestReader, _ handler: @escaping Handler
    ) {
        self.operation = operation
        route = ServerRoute(method: method, path: path, access: access) { request, context in
            do {
                return try await handler(
                    NativeRequest(request, context: context, operation: operation, reader: reader))
            } catch {
                let failure = NativeFailure(error)
                if failure.status == .internalServerError {
                    context.logger.error(
                        "Request failed", metadata: ["path": "\(path)", "reason": "\(failure.message)"])
                }
                return failure.response
            }
        }
    }

    /// Every way in which a request may fail: the operation's own, and those of the server before it.
    var failures: [Operation.Failure] {
        var failures: Set<Operation.Failure> = [.forbidden, .tooManyRequests, .internalError, .unavailable]
        failures.formUnion(operation.failures)
        if case .scope = route.access { failures.insert(.unauthorized) }
        if operation.body != nil { failures.formUnion([.badRequest, .tooLarge]) }
        if !operation.path.isEmpty || !operation.query.isEmpty { failures.insert(.badRequest) }
        return failures.sorted { $0.rawValue < $1.rawValue }
    }
}

import Hummingbird
import Synchronization

/// What answers requests, which may be put in another's place while the server runs.
final class LiveResponder: Sendable {
    private struct State {
        var responder: RouterResponder<RoostRequestContext>
        var refusal: @Sendable (APIError) -> Response
    }

    private let state: Mutex<State>

    /// Answers by the routes; `refusal` answers what did not become a request.
    init(_ router: Router<RoostRequestContext>, refusal: @escaping @Sendable (APIError) -> Response) {
        state = Mutex(State(responder: router.buildResponder(), refusal: refusal))
    }

    /// Answers the requests that come from now on; those that are being answered are not touched.
    func replace(_ router: Router<RoostRequestContext>) {
        let responder = router.buildResponder()
        state.withLock { $0.responder = responder }
    }

    /// Answers a request.
    func respond(to request: Request, context: RoostRequestContext) async throws -> Response {
        try await state.withLock { $0.responder }.respond(to: request, context: context)
    }

    /// Answers what did not become a request.
    func response(to error: APIError) -> Response { state.withLock { $0.refusal }(error) }
}

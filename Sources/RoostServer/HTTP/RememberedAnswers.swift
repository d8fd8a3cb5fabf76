import HTTPTypes
import Hummingbird
import NIOCore
import Roost
import Synchronization

/// Answers that tell what is in the store, kept as they were written until the store changes.
///
/// Clients ask for the list of models again and again; reading and encoding it takes a hundred times as long as
/// looking whether it is still true. A whole request that is as one before, to the last header, is not even routed
/// again (`RepeatedRequestHandler`): who may ask, from which page and under which host name, was decided then, and the
/// answer holds as long as nothing changes that it depends on.
final class RememberedAnswers: Sendable {
    /// The body of an answer, and until when it is true.
    struct Body: Sendable {
        let version: StoreVersion
        let bytes: ByteBuffer
    }

    /// A whole answer but for its date and its id.
    struct Answer: Sendable {
        let head: HTTPResponse
        let body: Body
        /// The path of the endpoint that made it, as it is written there.
        let route: String
    }

    private struct Question: Hashable {
        let head: HTTPRequest
        let isLocalSocket: Bool
    }

    private struct State {
        var bodies: [String: Body] = [:]
        var answers: [Question: Answer] = [:]
        var policy: KeyPolicy
        /// Rises when the server's settings change.
        var epoch = 0
    }

    /// Most answers of each kind that are kept; callers that see different models have different ones.
    private static let maximumCount = 64
    /// Most header fields of a request that is kept, and most bytes of them.
    private static let fieldLimits = (count: 24, byteCount: 2048)

    private let state: Mutex<State>
    private let store: ModelStore

    init(store: ModelStore, policy: KeyPolicy) {
        self.store = store
        state = Mutex(State(policy: policy))
    }

    /// The answer of `path` for those who see the same models as the one who asks, made by `make` when the store has
    /// changed or none was kept.
    func response(
        _ path: String, for context: RoostRequestContext, _ make: () async throws -> some Encodable
    ) async throws -> Response {
        let key = ([path] + context.caller.models.map(\.description)).joined(separator: " ")
        // Looked at before what it is about: an answer may be newer than its version, never older.
        let version = store.version
        if let version, let body = state.withLock({ $0.bodies[key] }), body.version == version {
            context.record.repeatable = body
            return Self.response(body.bytes)
        }
        let bytes = try WireJSON.frame(await make(), suffix: "")
        if let version {
            let body = Body(version: version, bytes: bytes)
            context.record.repeatable = body
            state.withLock { state in
                if state.bodies.count >= Self.maximumCount { state.bodies = [:] }
                state.bodies[key] = body
            }
        }
        return Self.response(bytes)
    }

    private static func response(_ body: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: body))
    }

    // MARK: Whole answers

    /// Which settings hold now. Ask before a request is answered whose answer is to be kept.
    var epoch: Int { state.withLock { $0.epoch } }

    /// The settings have changed: who may ask may be others.
    func settingsChanged(_ policy: KeyPolicy) {
        state.withLock { state in
            state.policy = policy
            state.epoch += 1
            state.answers = [:]
        }
    }

    /// Keeps the answer to a request that shows no key: whether keys are asked for has to be looked at each time, and
    /// those who show one may lose it.
    func keep(
        _ head: HTTPResponse, _ body: Body, to request: HTTPRequest, isLocalSocket: Bool, route: String, epoch: Int
    ) {
        let fields = request.headerFields
        guard request.method == .get, head.status == .ok, fields.count <= Self.fieldLimits.count,
            ![.authorization, .xAPIKey, .requestID, .upgrade, .expect].contains(where: {
                fields.contains($0)
            }),
            fields.reduce(0, { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }) <= Self.fieldLimits.byteCount
        else { return }
        let question = Question(head: request, isLocalSocket: isLocalSocket)
        let answer = Answer(head: head, body: body, route: route)
        state.withLock { state in
            guard epoch == state.epoch else { return }
            if state.answers.count >= Self.maximumCount { state.answers = [:] }
            state.answers[question] = answer
        }
    }

    /// The answer to a request that is as one before, if it is true still and whoever shows no key may have it still.
    func answer(to request: HTTPRequest, isLocalSocket: Bool) -> Answer? {
        guard request.method == .get else { return nil }
        let question = Question(head: request, isLocalSocket: isLocalSocket)
        let (answer, policy) = state.withLock { state in
            (state.answers.isEmpty ? nil : state.answers[question], state.policy)
        }
        guard let answer, answer.body.version == store.version else { return nil }
        guard isLocalSocket || (try? policy.areAsked()) == false else { return nil }
        return answer
    }
}

import HTTPTypes

/// What an endpoint of Roost's own API does, takes and answers, as its OpenAPI document tells it.
struct Operation: Sendable {
    /// What endpoints are about.
    enum Tag: String, Sendable, CaseIterable {
        case server, machine, models, downloads, loaded, events, conversations, keys

        var note: String {
            switch self {
            case .server: "The server itself: version, health, settings, logs."
            case .machine: "What this machine has, what fits on it, and what is best for it."
            case .models: "The models of the store, and where others are found."
            case .downloads: "Models on their way into the store."
            case .loaded: "The models in memory."
            case .events: "What happens, as it happens: server-sent events, and the WebSocket."
            case .conversations: "Conversations that were kept."
            case .keys: "Access keys."
            }
        }
    }

    /// A value in the path or the query.
    struct Parameter: Sendable {
        let name: String
        let schema: Schema
        var isRequired = false
        /// Whether it may be given several times.
        var isRepeated = false
    }

    /// What a request that succeeds is answered with.
    struct Answer: Sendable {
        var status: HTTPResponse.Status = .ok
        let note: String
        /// What comes, by its media type; empty for no body.
        var contents: [(type: String, schema: Schema)]

        static func json(_ schema: Schema, _ note: String, status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, note: note, contents: [(NativeJSON.mediaType, schema)])
        }

        /// Server-sent events.
        static func events(_ note: String) -> Answer {
            Answer(note: note, contents: [(EventStream.mediaType, .serverSentEvent)])
        }
    }

    let id: String
    let tag: Tag
    /// One line.
    let summary: String
    /// More, in Markdown.
    var note: String?
    var path: [Parameter] = []
    var query: [Parameter] = []
    /// The JSON body; `nil` takes none.
    var body: Schema?
    /// Whether the body must be there.
    var requiresBody = true
    let answer: Answer
    /// Other answers that succeed, such as 202.
    var otherAnswers: [Answer] = []
    /// How it can fail, besides what every endpoint has.
    var failures: [Failure] = []

    /// A way to fail, by its status.
    enum Failure: Int, Sendable, CaseIterable {
        case badRequest = 400
        case unauthorized = 401
        case forbidden = 403
        case notFound = 404
        case notAcceptable = 406
        case conflict = 409
        case tooLarge = 413
        case upgradeRequired = 426
        case tooManyRequests = 429
        case internalError = 500
        case unavailable = 503
        case noSpace = 507

        var note: String {
            switch self {
            case .badRequest: "The request is at fault; `field` names what in it."
            case .unauthorized: "A key is asked for, and none that holds was sent."
            case .forbidden: "The key lacks the scope, or `Host` or `Origin` are not allowed."
            case .notFound: "There is no such thing."
            case .notAcceptable: "What was asked for has no such form."
            case .conflict: "It cannot be done in the present state."
            case .tooLarge: "The body is larger than the server accepts."
            case .upgradeRequired: "Only a WebSocket is spoken here."
            case .tooManyRequests: "More requests than the key allows; `Retry-After` says when to come back."
            case .internalError: "The machine or Roost failed."
            case .unavailable: "Not now: the server stops, a hub does not answer, or memory is short."
            case .noSpace: "The disk has no room."
            }
        }
    }
}

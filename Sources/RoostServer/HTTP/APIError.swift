import HTTPTypes
import Roost

/// What went wrong with a request, before a dialect gives it its form.
enum APIError: Error, Sendable {
    /// The request is at fault. `parameter` names the field, `code` is OpenAI's.
    case invalidRequest(String, parameter: String? = nil, code: String? = nil)
    /// No model of this name is stored.
    case modelNotFound(String)
    /// Something else that is named in the request is not there.
    case notFound(String, parameter: String? = nil, code: String? = nil)
    /// The disk has no room for what was sent.
    case insufficientStorage(String)
    /// No such endpoint.
    case noEndpoint(String)
    /// The endpoint exists, for other methods.
    case methodNotAllowed(String)
    /// It is not known who calls.
    case unauthorized(String)
    /// Refused by the guard of `Host` or `Origin`, or not allowed to this caller.
    case forbidden(String)
    /// The body is too large.
    case bodyTooLarge(limit: Int)
    /// The body did not arrive whole.
    case bodyUnreadable(String)
    /// The request, or its body, did not arrive in time.
    case requestTimeout(String)
    /// The request's line and headers are too large.
    case headTooLarge(String)
    /// Name taken, for copies.
    case conflict(String)
    /// Cannot be served now; try again.
    case unavailable(String)
    /// Our fault, or the machine's.
    case failure(String)

    /// The server is going down.
    static let stopping = APIError.unavailable("The server is shutting down; send the request again later.")

    /// The error that a request for `model` ended with.
    init(_ error: any Error, model: String? = nil) {
        switch error {
        case let error as APIError: self = error
        case let error as InferenceError: self.init(error)
        case let error as RemoteEngineError: self.init(error)
        case let error as ModelStoreError: self.init(error, model: model)
        case let error as ChatHistoryError: self.init(error)
        case let error as ModelCreationError: self = .invalidRequest(error.description)
        case is CancellationError: self = .unavailable("The request was cancelled.")
        default: self = .failure("\(error)")
        }
    }

    private init(_ error: InferenceError) {
        switch error {
        case .promptTooLong, .inputTooLong:
            self = .invalidRequest(error.description, code: "context_length_exceeded")
        case .invalidOption(let name, _, _):
            self = .invalidRequest(error.description, parameter: name)
        case .emptyPrompt, .noChatTemplate, .invalidGrammar, .notAGenerator, .templateFailed, .invalidSchema,
            .notAReranker,
            .noProjector, .unreadableImage, .noInfill, .unknownAdapter, .cannotShift, .unknownDevice:
            self = .invalidRequest(error.description)
        case .unloaded, .queueFull, .workerCrashed, .workerUnresponsive, .deadlineExceeded, .noRoom:
            self = .unavailable(error.description)
        case .fileMissing, .fileUnreadable, .notGGUF, .unsupportedArchitecture, .loadFailed, .outOfMemory,
            .decodeFailed, .workerFailed, .sandboxUnavailable, .estimateFailed, .doesNotFit:
            self = .failure(error.description)
        }
    }

    private init(_ error: ModelStoreError, model: String?) {
        switch error {
        case .notFound(let name, _): self = .modelNotFound(model ?? "\(name)")
        case .alreadyExists: self = .conflict(error.description)
        case .noSpace: self = .insufficientStorage(error.description)
        // Ollama answers an impossible name as it answers an unknown one.
        case .invalidName(let text, _): self = .modelNotFound(model ?? text)
        default: self = .failure(error.description)
        }
    }

    /// The HTTP status.
    var status: HTTPResponse.Status {
        switch self {
        case .invalidRequest, .bodyUnreadable, .conflict: .badRequest
        case .modelNotFound, .notFound, .noEndpoint: .notFound
        case .insufficientStorage: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .methodNotAllowed: .methodNotAllowed
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .bodyTooLarge: .contentTooLarge
        case .requestTimeout: .requestTimeout
        case .headTooLarge: .requestHeaderFieldsTooLarge
        case .unavailable: .serviceUnavailable
        case .failure: .internalServerError
        }
    }

    /// The sentence for people. An unknown model is said in Ollama's words, which clients look for.
    var message: String {
        switch self {
        case .invalidRequest(let message, _, _), .notFound(let message, _, _), .insufficientStorage(let message),
            .noEndpoint(let message), .methodNotAllowed(let message), .unauthorized(let message),
            .forbidden(let message), .bodyUnreadable(let message), .conflict(let message), .unavailable(let message),
            .failure(let message), .requestTimeout(let message), .headTooLarge(let message):
            message
        case .modelNotFound(let name): "model '\(name)' not found"
        case .bodyTooLarge(let limit): "The request body is larger than \(limit) bytes, the most that is accepted."
        }
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import Roost

/// An error of Roost's own API: `{"error": {"message", "code", "field"}}`.
struct NativeFailure: Error, Sendable {
    let status: HTTPResponse.Status
    /// For programs.
    let code: String
    /// For people: one sentence.
    let message: String
    /// What in the request is at fault.
    var field: String?

    static let schema = Schema.component(
        "Error", "Why a request failed.",
        [
            .required(
                "error",
                .object([
                    .required("message", .string("One sentence for people.")),
                    .required("code", .string("A word for programs, such as `model_not_found`.")),
                    .optional("field", .string("What in the request is at fault, such as `options.top_k`.")),
                ]))
        ])

    /// The request is at fault.
    static func invalid(_ field: String, _ message: String) -> NativeFailure {
        NativeFailure(status: .badRequest, code: "invalid_request", message: message, field: field)
    }

    static func notFound(_ code: String, _ message: String) -> NativeFailure {
        NativeFailure(status: .notFound, code: code, message: message)
    }

    static func noSpace(_ message: String) -> NativeFailure {
        NativeFailure(
            status: .init(code: 507, reasonPhrase: "Insufficient Storage"), code: "no_space", message: message)
    }

    static func conflict(_ code: String, _ message: String) -> NativeFailure {
        NativeFailure(status: .conflict, code: code, message: message)
    }

    var response: Response {
        var response = (try? NativeJSON.response(self, status: status)) ?? Response(status: status)
        if status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }

}

extension NativeFailure: Encodable {
    private enum CodingKeys: CodingKey { case error }
    private enum DetailKeys: CodingKey { case message, code, field }

    func encode(to encoder: any Encoder) throws {
        var outer = encoder.container(keyedBy: CodingKeys.self)
        var detail = outer.nestedContainer(keyedBy: DetailKeys.self, forKey: .error)
        try detail.encode(message, forKey: .message)
        try detail.encode(code, forKey: .code)
        try detail.encodeIfPresent(field, forKey: .field)
    }
}

extension NativeFailure {
    /// What any error means to a client.
    ///
    /// - Parameter model: the name in the request.
    init(_ error: any Error, model: String? = nil) {
        switch error {
        case let failure as NativeFailure: self = failure
        case let fault as SchemaFault:
            self = NativeFailure(
                status: .badRequest, code: "invalid_request", message: fault.message,
                field: fault.field.isEmpty ? nil : fault.field)
        // The request goes on: somebody else unloaded or removed what it was waiting for.
        case is CancellationError where !Task.isCancelled:
            self = .conflict("unloaded", "The model was unloaded while it was being loaded; ask again.")
        case let error as ModelHubError: self.init(error)
        case let error as RoostError: self.init(error)
        case let error as PlanningError: self.init(error)
        case let error as DownloadError: self.init(error)
        case let error as InferenceError: self.init(error, model: model)
        case ModelStoreError.noSpace: self = .noSpace("\(error)")
        default: self.init(APIError(error, model: model))
        }
    }

    /// An error that the server gives all dialects.
    init(_ error: APIError) {
        status = if case .conflict = error { .conflict } else { error.status }
        message =
            if case .modelNotFound(let name) = error {
                "There is no model “\(name.prefix(200))”; GET /roost/v1/models lists those that are here."
            } else {
                error.message
            }
        switch error {
        case .invalidRequest(_, let parameter, let given):
            code = given ?? "invalid_request"
            field = parameter
        case .notFound(_, let parameter, let given):
            code = given ?? "not_found"
            field = parameter
        case .modelNotFound: code = "model_not_found"
        case .unavailable(GenerationEvents.tooSlow): code = "slow_reader"
        default: code = Self.code(of: status)
        }
    }

    /// The word for a status.
    static func code(of status: HTTPResponse.Status) -> String {
        switch status.code {
        case 400: "invalid_request"
        case 401: "unauthorized"
        case 403: "forbidden"
        case 404: "not_found"
        case 405: "method_not_allowed"
        case 409: "conflict"
        case 413: "too_large"
        case 429: "too_many_requests"
        case 408: "timeout"
        case 503: "unavailable"
        case 507: "no_space"
        default: "internal_error"
        }
    }

    private init(_ error: InferenceError, model: String?) {
        switch error {
        case .noRoom, .outOfMemory:
            self = NativeFailure(status: .serviceUnavailable, code: "no_room", message: error.description)
        case .doesNotFit: self = .conflict("does_not_fit", error.description)
        case .estimateFailed: self = .conflict("not_plannable", error.description)
        default: self.init(APIError(error, model: model))
        }
    }

    private init(_ error: RoostError) {
        let message = error.description
        switch error {
        case .noActiveModel: self = .conflict("no_active_model", message)
        case .invalidSetting(let name, _, _): self = .invalid(name, message)
        case .noSpace: self = .noSpace(message)
        case .noDownload: self = .notFound("download_not_found", message)
        case .noSource: self = .conflict("no_source", message)
        default: self = NativeFailure(status: .internalServerError, code: "internal_error", message: message)
        }
    }

    private init(_ error: PlanningError) {
        switch error {
        case .invalidMachine: self = .invalid("on", error.description)
        case .invalidSetting(let name, _, _):
            self = .invalid(name.replacing(" ", with: "_").lowercased(), error.description)
        case .unreadableHeader: self = .conflict("not_plannable", error.description)
        }
    }

    private init(_ error: DownloadError) {
        switch error {
        case .shutDown: self.init(APIError.stopping)
        case .noSpace: self = .noSpace("\(error)")
        default: self = NativeFailure(status: .internalServerError, code: "internal_error", message: "\(error)")
        }
    }

    private init(_ error: ModelHubError) {
        let message = error.description
        switch error {
        case .invalidReference, .ambiguous, .unsupportedReference, .unsupportedWish, .insecureAddress,
            .refusedAddress:
            self = .invalid("model", message)
        case .unknownModel, .notInCatalog, .repositoryNotFound, .revisionNotFound, .fileNotFound:
            self = .notFound("model_not_found", message)
        case .gated, .tokenRefused, .forbidden, .noModelFile, .missingShards, .fileTooLarge, .notAModelFile,
            .pinMismatch:
            self = .conflict("hub_refused", message)
        // Nothing is out of order: the setting says so, and asking again does not help.
        case .offline: self = .conflict("offline", message)
        case .rateLimited, .unavailable, .unreachable, .unexpectedAnswer, .refusedRedirect, .tooManyRedirects,
            .searchUnsupported:
            self = NativeFailure(status: .serviceUnavailable, code: "hub_unavailable", message: message)
        case .fileSystem, .invalidCatalog, .invalidSetting:
            self = NativeFailure(status: .internalServerError, code: "internal_error", message: message)
        }
    }
}

import Roost

extension APIError {
    /// What an engine beside this Roost, or the way to it, ended a request with.
    init(_ error: RemoteEngineError) {
        switch error {
        case .refused(_, _, _, let code): self = .invalidRequest(error.description, code: code)
        case .noModel(let model, _): self = .modelNotFound(model)
        case .unsupported, .notHere: self = .invalidRequest(error.description)
        case .unavailable, .interrupted: self = .unavailable(error.description)
        case .invalidSetting, .unknownEngine, .unexpectedAnswer: self = .failure(error.description)
        }
    }
}

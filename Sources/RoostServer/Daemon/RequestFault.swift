import HTTPTypes
import NIOHTTP1

/// Why a connection cannot go on: what came is not a request, or it does not come.
enum RequestFault: Error, Sendable {
    /// The request's head did not arrive in time.
    case headTimeout
    /// The body did not arrive in time.
    case bodyTimeout
    /// Line and headers are too large, or too many.
    case headTooLarge
    /// Not HTTP/1.
    case malformed(String)

    /// The fault that an error of the connection is; `nil` for one that leaves nobody to tell.
    init?(_ error: any Error) {
        switch error {
        case let fault as Self: self = fault
        case let error as HTTPParserError where error == .headerOverflow: self = .headTooLarge
        case let error as HTTPParserError: self = .malformed(Self.text(of: error))
        default: return nil
        }
    }

    private static func text(of error: HTTPParserError) -> String {
        switch error {
        case .unexpectedContentLength, .invalidContentLength:
            "its Content-Length is not one number, or stands beside Transfer-Encoding"
        case .invalidVersion: "it is not of HTTP/1.0 or HTTP/1.1"
        case .invalidMethod: "its method is unknown"
        case .invalidURL: "its path is not valid"
        case .invalidHeaderToken: "a header field is not valid"
        case .invalidChunkSize: "a chunk's size is not valid"
        default: "\(error)"
        }
    }

    /// As a client is told.
    var apiError: APIError {
        switch self {
        case .headTimeout: .requestTimeout("The request did not arrive in time.")
        case .bodyTimeout: .requestTimeout("The request body did not arrive in time.")
        case .headTooLarge: .headTooLarge("The request's line and headers are too large.")
        case .malformed(let reason): .bodyUnreadable("The request cannot be read: \(reason).")
        }
    }
}

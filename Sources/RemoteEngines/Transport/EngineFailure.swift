import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why an engine gave no answer, and whether another one is to be asked.
enum EngineFailure: Error, Sendable, Hashable {
    /// The engine's fault: another one may do better.
    case engine(reason: String)
    /// It failed at this request (HTTP 500): its fault when another engine does better, else the request's.
    case suspect(reason: String)
    /// It is well and does not have the model.
    case missing(reason: String)
    /// It has too much to do; how long it asks to be left alone.
    case busy(reason: String, wait: Duration)
    /// The connection was closed before a byte of the answer came, as happens to one that was kept too long.
    case closedBeforeAnswer
    /// The engine answered that the request is at fault: another one would say the same.
    case request(status: Int, EngineFault)

    /// A few words for a status.
    init(status: Int, fault: EngineFault, retryAfter: String?) {
        switch status {
        case 429:
            let seconds = retryAfter.flatMap { Int($0) }.map { min(max($0, 0), 3600) } ?? 1
            self = .busy(reason: "it has too many requests (HTTP 429)", wait: .seconds(seconds))
        case 401, 403: self = .engine(reason: "it refuses the key (HTTP \(status)); check api_key_env or api_key_file")
        case 404 where fault.isAboutModel: self = .missing(reason: "it does not have the model (HTTP 404)")
        case 300..<400:
            self = .engine(
                reason: "it leads to another address (HTTP \(status)), which is not followed; correct its url")
        case 500: self = .suspect(reason: "HTTP 500: \(fault.shownMessage)")
        case 408, 501...: self = .engine(reason: "HTTP \(status): \(fault.shownMessage)")
        default: self = .request(status: status, fault)
        }
    }

    /// What an HTTP client ended with.
    init(_ error: any Error) {
        if let failure = error as? EngineFailure {
            self = failure
        } else if Self.isOfKeptConnection(error) {
            self = .closedBeforeAnswer
        } else {
            self = .engine(reason: Self.words(for: error))
        }
    }

    /// Whether a connection that was kept from an earlier request was closed by the engine as the next was sent.
    private static func isOfKeptConnection(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed: true
        case let error as IOError: error.errnoCode == EPIPE
        default: false
        }
    }

    /// A few words that say what a person can check.
    static func words(for error: any Error) -> String {
        switch error {
        case let failure as NIOConnectionError:
            if failure.dnsAError != nil || failure.dnsAAAAError != nil { return "its name was not found" }
            return failure.connectionErrors.first.map { words(for: $0.error) } ?? "no connection"
        case let failure as IOError:
            switch failure.errnoCode {
            case ECONNREFUSED: return "connection refused"
            case ECONNRESET, EPIPE: return "the connection was reset"
            case EHOSTUNREACH, ENETUNREACH: return "there is no way to it"
            default: return String(cString: strerror(failure.errnoCode))
            }
        case let failure as HTTPClientError:
            switch failure {
            case .connectTimeout: return "it takes no connection in time"
            case .readTimeout, .deadlineExceeded: return "no answer in time"
            case .remoteConnectionClosed, .uncleanShutdown: return "the connection was closed"
            case .getConnectionFromPoolTimeout: return "no connection to it is free"
            default: return failure.shortDescription
            }
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return "no secure connection: \(EngineFault.shown("\(error)").prefix(200))"
        default: return String(EngineFault.shown("\(error)").prefix(200))
        }
    }

    /// A few words.
    var reason: String {
        switch self {
        case .engine(let reason), .suspect(let reason), .missing(let reason), .busy(let reason, _): reason
        case .closedBeforeAnswer: "the connection was closed"
        case .request(let status, let fault): "HTTP \(status): \(fault.shownMessage)"
        }
    }
}

extension EngineFault {
    /// Whether it says that there is no such model, rather than no such endpoint.
    var isAboutModel: Bool { message.lowercased().contains("model") }
}

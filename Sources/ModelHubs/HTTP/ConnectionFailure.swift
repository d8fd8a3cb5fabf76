import AsyncHTTPClient
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Words for an HTTP client's errors.
enum ConnectionFailure {
    /// A few words that say what a person can check.
    static func words(for error: any Error) -> String {
        if let failure = error as? NIOConnectionError {
            if failure.dnsAError != nil || failure.dnsAAAAError != nil { return "its name was not found" }
            return failure.connectionErrors.first.map { words(for: $0.error) } ?? "no connection"
        }
        if let failure = error as? IOError {
            return failure.errnoCode == ECONNREFUSED ? "connection refused" : "\(failure)"
        }
        if let failure = error as? HTTPClientError {
            if failure == .connectTimeout { return "no connection within 10 seconds" }
            if failure == .readTimeout || failure == .deadlineExceeded { return "no answer in time" }
            if failure == .remoteConnectionClosed { return "the connection was closed" }
            return failure.shortDescription
        }
        return String(describing: error)
    }
}

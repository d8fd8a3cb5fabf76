/// Why the server could not start. Each message says what happened, the value, and what to do.
public enum RoostServerError: Error, Sendable, Hashable {
    case insecureListenAddress(host: String)
    case invalidPort(Int)
    case alreadyRunning(pid: Int32?, address: String?, lockPath: String)
    case addressInUse(host: String, port: Int)
    case cannotListen(host: String, port: Int, reason: String)
    case certificate(path: String, reason: String)
    case socket(path: String, reason: String)
    case runDirectory(path: String, operation: String, reason: String)
}

extension RoostServerError: CustomStringConvertible {
    /// The message.
    public var description: String {
        switch self {
        case .insecureListenAddress(let host):
            "Listening on \(host) lets other machines use this server without a key and without encryption; listen on "
                + "127.0.0.1, or say --insecure if the network is trusted."
        case .invalidPort(let port):
            "The port is \(port), but must be 0 to 65535 (0 takes a free one)."
        case .alreadyRunning(let pid, let address, let lockPath):
            "A Roost server already runs for this home directory"
                + (pid.map { " (process \($0)\(address.map { ", \($0)" } ?? ""))" } ?? " (it holds \(lockPath))")
                + "; use it, or end it with “roost stop --server”."
        case .addressInUse(let host, let port):
            "Port \(port) of \(host) is taken by another program; choose another with --port (0 takes a free one)."
        case .cannotListen(let host, let port, let reason):
            "The server cannot listen on \(host), port \(port): \(reason)."
        case .certificate(let path, let reason):
            "The server cannot encrypt connections with \(path): \(reason)."
        case .socket(let path, let reason):
            "The server cannot listen on the socket \(path): \(reason)."
        case .runDirectory(let path, let operation, let reason):
            "\(operation) \(path) failed: \(reason); check the permissions of Roost's home directory."
        }
    }
}

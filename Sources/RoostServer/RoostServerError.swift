/// Why the server could not start. Each message says what happened, the value, and what to do.
public enum RoostServerError: Error, Sendable, Hashable {
    case insecureListenAddress(host: String, lacksKeys: Bool, lacksEncryption: Bool)
    /// An entry of the allowed hosts is no host name.
    case invalidHostName(String)
    /// An entry of the allowed origins is not exactly one origin.
    case invalidOrigin(String)
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
        case .insecureListenAddress(let host, let lacksKeys, let lacksEncryption):
            "Listening on “\(host)” lets other machines use this server, which takes "
                + [
                    lacksKeys ? "a key that callers need (“roost keys create NAME”)" : nil,
                    lacksEncryption ? "TLS (--tls-cert and --tls-key of “roost serve”)" : nil,
                ]
                .compactMap { $0 }.joined(separator: " and ")
                + "; add what is missing, listen on 127.0.0.1, or say --insecure if the network is trusted."
        case .invalidHostName(let name):
            "“\(name.prefix(200))” is not a host name that can be allowed; name each one exactly, without a scheme: "
                + "models.example."
        case .invalidOrigin(let origin):
            "“\(origin.prefix(200))” is not a web origin that can be allowed; name each one exactly, by scheme, host and "
                + "port: https://chat.example or http://localhost:3000."
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

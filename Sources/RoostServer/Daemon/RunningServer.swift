import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a running server tells other processes of the same person, in `run/roost.json` of the home directory.
public struct RunningServer: Codable, Sendable, Hashable {
    /// Its process.
    public var pid: Int32
    /// The address it was told to listen on.
    public var host: String
    /// The port it listens on.
    public var port: Int
    /// Its Unix socket, for this person's processes; `nil` when it has none.
    public var socket: String?
    /// Whether connections over TCP are encrypted.
    public var isEncrypted: Bool?
    /// How many seconds running answers may go on when it is told to end.
    public var drainSeconds: Int?
    /// What became of its last reload; `nil` before the first one.
    public var lastReload: ReloadReport?
    /// Its version.
    public var version: String
    /// When it began to listen.
    public var startedAt: Date
    /// What this person's own commands show to do as they like: made anew by each server, and kept nowhere else.
    public var token: String?

    /// A record of these facts.
    public init(pid: Int32, host: String, port: Int, version: String, startedAt: Date, token: String? = nil) {
        self.pid = pid
        self.host = host
        self.port = port
        self.version = version
        self.startedAt = startedAt
        self.token = token
    }

    /// The record in the home directory; `nil` when there is none that can be read. A server that was killed leaves
    /// its record behind, so ask `isAlive` too.
    public static func recorded(inHome home: URL) -> RunningServer? {
        let url = RunDirectory.url(in: home).appending(path: RunDirectory.recordName)
        guard let data = try? Data(contentsOf: url) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try? decoder.decode(RunningServer.self, from: data)
    }

    /// Whether a process with this number exists.
    public var isAlive: Bool { pid > 0 && (kill(pid, 0) == 0 || errno == EPERM) }

    /// Where a client on this machine reaches it, without a slash at the end: `http://127.0.0.1:11535`.
    public var baseURL: String {
        let name =
            switch host {
            case "0.0.0.0", "": "127.0.0.1"
            case "::", "[::]": "[::1]"
            default: host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
            }
        return "\(isEncrypted == true ? "https" : "http")://\(name):\(port)"
    }
}

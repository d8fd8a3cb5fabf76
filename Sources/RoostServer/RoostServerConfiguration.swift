import Foundation
import Roost
public import Security

/// Where the server listens, whom it answers, and its limits.
public struct RoostServerConfiguration: Sendable {
    /// Address or host name to listen on. Default `127.0.0.1`. Anything but a loopback address is refused without keys
    /// and TLS, unless `allowsInsecureListening` is set.
    public var host = "127.0.0.1"
    /// TCP port, 0…65535; 0 takes a free one. Default 11535.
    public var port = 11535
    /// Listen on an address that other machines reach, although requests are not authenticated or not encrypted.
    public var allowsInsecureListening = false
    /// Names that a `Host` header may carry besides `localhost`, `127.0.0.1`, `[::1]` and the address listened on,
    /// without a port.
    public var allowedHosts: [String] = []
    /// Web origins (`https://chat.example`) whose pages may call from a browser, each exactly. Others may not: neither
    /// those of this machine nor `null`.
    public var allowedOrigins: [String] = []
    /// Certificate and key; with them connections over TCP are encrypted (TLS 1.2 and 1.3), and only those are served.
    public var tls: TLSFiles?
    /// Whether to listen on `roost.sock` in the run directory too, for this person's processes. Default true.
    public var listensOnSocket = true
    /// Most connections at a time; others are told to come back. Default 4096.
    public var maximumConnectionCount = 4096
    /// What one connection may take.
    public var connectionLimits = ConnectionLimits()
    /// The keys of callers; `nil` where there are none, for servers inside an app.
    public var keys: AccessKeys?
    /// Whether callers need a key; `nil` as soon as one was ever made.
    public var requiresKeys: Bool?
    /// Folder of `roost.json` and `roost.lock`; `nil` keeps no record and no lock, for servers inside an app.
    public var runDirectory: URL?
    /// How long running generations may go on after shutdown was asked for; then each ends with an error of its
    /// dialect. Default 5 seconds.
    public var drainDuration = Duration.seconds(5)
    /// How long an answer may take, its wait for a turn included; it ends with an error then. Default as long as it does.
    public var requestDuration: Duration?
    /// Largest request body. Default 16 MiB.
    public var maximumBodyByteCount = 16 << 20
    /// Deepest nesting of arrays and objects in a request body. Default 64.
    public var maximumJSONDepth = 64
    /// How often the other side of a WebSocket is asked whether it is there. Default 30 seconds.
    public var webSocketPingInterval = Duration.seconds(30)
    /// How long a WebSocket's session waits for a client to come back. Default a minute.
    public var webSocketResumeDuration = Duration.seconds(60)
    /// Version that `/api/version` and the `Server` header tell: numbers and dots.
    public var version = RoostVersion.number

    /// The defaults above, without a run directory.
    public init() {}

    /// The address and home directory of `configuration`, the defaults above for the rest.
    public init(_ configuration: RoostConfiguration) {
        host = configuration.listenHost
        port = configuration.listenPort
        allowedHosts = configuration.allowedHosts
        allowedOrigins = configuration.allowedOrigins
        keys = AccessKeys(AccessKeyFile(home: configuration.homeDirectory))
        requiresKeys = configuration.requiresKeys
        if let certificate = configuration.server.certificateFile, let key = configuration.server.keyFile {
            tls = TLSFiles(certificate: certificate, key: key)
        }
        listensOnSocket = configuration.server.listensOnSocket
        drainDuration = configuration.server.drainDuration
        requestDuration = configuration.server.requestDuration
        maximumBodyByteCount = configuration.server.maximumBodyByteCount
        maximumConnectionCount = configuration.server.maximumConnectionCount
        runDirectory = RunDirectory.url(in: configuration.homeDirectory)
    }

    /// Whether `host` names only this machine: `localhost`, 127.0.0.0/8 or `::1`.
    public static func isLoopback(_ host: String) -> Bool {
        let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).lowercased()
        if name == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

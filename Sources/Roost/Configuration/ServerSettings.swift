import Foundation
import Sizes
import Workers

/// How a server runs: its end, its encryption, its log and its limits. Where it listens and whom it answers stands in
/// ``RoostConfiguration`` itself.
public struct ServerSettings: Sendable, Hashable {
    /// How a log's lines are written.
    public enum LogFormat: String, Sendable, Hashable, CaseIterable {
        /// For people.
        case text
        /// One JSON object a line.
        case json
    }

    /// Least important lines that a log has.
    public enum LogLevel: String, Sendable, Hashable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// How long running answers may go on after the server was told to end.
    public var drainDuration = Duration.seconds(5)
    /// A file with the server's certificate and those between it and one that clients trust (PEM).
    public var certificateFile: String?
    /// A file with the certificate's private key (PEM).
    public var keyFile: String?
    /// Whether to listen on a Unix socket in the home directory too.
    public var listensOnSocket = true
    /// Least important lines of the log.
    public var logLevel = LogLevel.info
    /// How the log is written.
    public var logFormat = LogFormat.text
    /// Largest request body in bytes.
    public var maximumBodyByteCount = 16 << 20
    /// Most connections at a time.
    public var maximumConnectionCount = 4096
    /// How long an answer may take, its wait for a turn included; `nil` as long as it does.
    public var requestDuration: Duration?

    /// The defaults.
    public init() {}
}

extension ServerSettings {
    /// Reads `ROOST_DRAIN_TIMEOUT`, `ROOST_TLS_CERTIFICATE`, `ROOST_TLS_KEY`, `ROOST_UNIX_SOCKET`, `ROOST_LOG_LEVEL`,
    /// `ROOST_LOG_FORMAT`, `ROOST_MAX_BODY`, `ROOST_MAX_CONNECTIONS` and `ROOST_REQUEST_TIMEOUT`.
    ///
    /// - Throws: `RoostError.invalidSetting`.
    init(_ value: (String) -> String?) throws {
        func refusal(_ name: String, _ text: String, _ rule: String) -> RoostError {
            .invalidSetting(name: name, value: text, rule: rule)
        }
        if let text = value("ROOST_DRAIN_TIMEOUT") {
            drainDuration = try Self.duration(text, setting: "ROOST_DRAIN_TIMEOUT")
        }
        if let text = value("ROOST_REQUEST_TIMEOUT") {
            let duration = try Self.duration(text, setting: "ROOST_REQUEST_TIMEOUT")
            requestDuration = duration == .zero ? nil : duration
        }
        certificateFile = value("ROOST_TLS_CERTIFICATE").map(Self.path)
        keyFile = value("ROOST_TLS_KEY").map(Self.path)
        listensOnSocket =
            try DownloadSettings.isOn(value("ROOST_UNIX_SOCKET"), name: "ROOST_UNIX_SOCKET") ?? listensOnSocket
        if let text = value("ROOST_LOG_LEVEL") {
            guard let level = LogLevel(rawValue: text.lowercased()) else {
                throw refusal("ROOST_LOG_LEVEL", text, Self.names(LogLevel.allCases.map(\.rawValue)))
            }
            logLevel = level
        }
        if let text = value("ROOST_LOG_FORMAT") {
            guard let format = LogFormat(rawValue: text.lowercased()) else {
                throw refusal("ROOST_LOG_FORMAT", text, Self.names(LogFormat.allCases.map(\.rawValue)))
            }
            logFormat = format
        }
        if let text = value("ROOST_MAX_BODY") {
            guard let count = SizeText.byteCount(in: text), count >= 1024, count <= 4e9 else {
                throw refusal("ROOST_MAX_BODY", text, "bytes such as 16MiB, from 1KiB to 4GB")
            }
            maximumBodyByteCount = Int(count.rounded())
        }
        if let text = value("ROOST_MAX_CONNECTIONS") {
            guard let count = Int(text), (1...1_000_000).contains(count) else {
                throw refusal("ROOST_MAX_CONNECTIONS", text, "a number of connections, 1 to 1000000")
            }
            maximumConnectionCount = count
        }
    }

    /// Reads a time such as `30s`, `1m30s` or `30` (seconds), up to a day.
    ///
    /// - Throws: `RoostError.invalidSetting` that names `setting`.
    public static func duration(_ text: String, setting: String) throws -> Duration {
        switch KeepAlive(text) {
        case .never: return .zero
        case .after(let duration) where duration <= .seconds(86_400): return duration
        default: throw RoostError.invalidSetting(name: setting, value: text, rule: "a time such as 30s, 5m or 0")
        }
    }

    private static func path(_ text: String) -> String { NSString(string: text).expandingTildeInPath }

    private static func names(_ all: [String]) -> String {
        "one of " + all.joined(separator: ", ")
    }
}

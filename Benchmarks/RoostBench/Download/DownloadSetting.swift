/// What the server does in one part of the download benchmark.
enum DownloadSetting: String, CaseIterable, Codable {
    /// As fast as it can.
    case unthrottled
    /// A server far away: each connection has a rate, each response comes late.
    case throttled
    /// Each connection is reset when it has sent so much.
    case resets
    /// The same, but the bytes of all connections count together: more connections do not escape it.
    case sharedResets = "shared-resets"

    var serverArguments: [String] {
        switch self {
        case .unthrottled: []
        case .throttled: ["--rate", "20000000", "--delay-ms", "30"]
        case .resets: ["--reset-bytes", "200000000"]
        case .sharedResets: ["--reset-bytes", "200000000", "--reset-all"]
        }
    }

    var resetsConnections: Bool { self == .resets || self == .sharedResets }

    var title: String {
        switch self {
        case .unthrottled: "unthrottled"
        case .throttled: "20 MB/s for each connection, 30 ms before each response"
        case .resets: "each connection reset after 200 MB"
        case .sharedResets: "a connection reset after every 200 MB of all together"
        }
    }
}

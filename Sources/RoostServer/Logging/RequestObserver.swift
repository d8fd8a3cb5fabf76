import HTTPTypes
import Logging

/// Writes the line of each request into the log, and counts it.
///
/// The line never holds what was asked or answered, nor a query: keys may stand in one.
struct RequestObserver: Sendable {
    let metrics: ServerMetrics

    /// A request is being answered.
    func begins() { metrics.requestBegins() }

    /// A request was answered, or the connection broke.
    func ends(
        _ head: HTTPRequest, route: String?, record: RequestRecord, sent: SentResponse, duration: Duration,
        logger: Logger
    ) {
        metrics.requestEnds(
            ServerMetrics.RequestKind(
                method: Self.methods.contains(head.method.rawValue) ? head.method.rawValue : "other",
                route: route.map { $0 == Self.noRoute ? "other" : $0 } ?? "other",
                statusClass: "\(sent.status / 100)xx"), duration: duration, isWhole: sent.isWhole)
        guard logger.logLevel <= .info else { return }
        let path = (head.path ?? "").utf8.prefix { $0 != UInt8(ascii: "?") }
        var metadata: Logger.Metadata = [
            "method": "\(head.method.rawValue)", "path": "\(Self.start(of: path))", "status": "\(sent.status)",
            "milliseconds": "\(Int(duration / .milliseconds(1)))", "bytes": "\(sent.byteCount)",
        ]
        let caller = record.caller
        if !caller.isEmpty { metadata["caller"] = "\(caller)" }
        if let model = record.model { metadata["model"] = "\(Self.start(of: model.utf8[...]))" }
        if !sent.isWhole { metadata["broken"] = "true" }
        logger.info("request", metadata: metadata)
    }

    /// A request was answered as its like before.
    func repeats() { metrics.requestRepeats() }

    /// As much as a line has room for: a single character may be as long as a body.
    private static func start(of text: Substring.UTF8View) -> String {
        String(decoding: text.prefix(255), as: UTF8.self)
    }

    /// What came was not a request.
    func refused(status: Int) { metrics.requestRefused(status: status) }

    /// What the router says of a path that it does not know.
    private static let noRoute = "NotFound"
    /// Clients may make up others.
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
}

import HTTPTypes
import Logging

/// Writes the line of each request into the log, and counts it.
///
/// The line never holds what was asked or answered, nor a query: keys may stand in one.
struct RequestObserver: Sendable {
    /// A request is being answered.
    func begins() {}

    /// A request was answered, or the connection broke.
    func ends(
        _ head: HTTPRequest, route: String?, record: RequestRecord, sent: SentResponse, duration: Duration,
        logger: Logger
    ) {
        guard logger.logLevel <= .info else { return }
        let path = head.path.map { $0.prefix { $0 != "?" }.prefix(255) } ?? ""
        var metadata: Logger.Metadata = [
            "method": "\(head.method.rawValue)", "path": "\(path)", "status": "\(sent.status)",
            "milliseconds": "\((duration / .milliseconds(1)).rounded(.down))", "bytes": "\(sent.byteCount)",
        ]
        let caller = record.caller
        if !caller.isEmpty { metadata["caller"] = "\(caller)" }
        if let model = record.model { metadata["model"] = "\(model.prefix(255))" }
        if !sent.isWhole { metadata["broken"] = "true" }
        logger.info("request", metadata: metadata)
    }

    /// What came was not a request.
    func refused(status: Int) {}
}

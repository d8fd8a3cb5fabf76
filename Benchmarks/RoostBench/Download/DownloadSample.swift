/// One tool's one download.
struct DownloadSample: Codable {
    let tool: DownloadTool
    let round: Int
    let run: MeteredRun
    /// The server's view.
    let server: BenchServer.Statistics
    /// Roost's own view; `nil` for the others.
    let roost: DownloadMeasurement.Result?
    /// Why it does not count; `nil` when the file is there and right.
    let failure: String?
    /// The system's load (average of the last minute) before it.
    let load: Double

    /// How long verification went on after the last byte had been sent, by the time until then.
    var verificationShare: Double? {
        guard let roost, failure == nil, server.lastByteAt > roost.startedAt else { return nil }
        let tail = Double(roost.verifiedAt) - Double(server.lastByteAt)
        return tail / Double(server.lastByteAt - roost.startedAt)
    }
}

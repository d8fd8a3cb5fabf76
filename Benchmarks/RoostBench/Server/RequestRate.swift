import Foundation

/// How many requests a server answers in a second, by `wrk`.
struct RequestRate {
    /// The `wrk` program.
    let wrk: URL
    /// Connections that each have one request under way, again and again.
    var connections = 16
    /// How long.
    var seconds = 3

    /// Answers per second to `GET url`. Throws `BenchError` when any was not 2xx or a connection failed.
    func measure(_ url: String) throws -> Double {
        let output = try ProgramOutput.of(wrk, ["-t1", "-c\(connections)", "-d\(seconds)s", url])
        let text = String(decoding: output, as: UTF8.self)
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            throw BenchError(description: "\(url) did not answer every request: \(text)")
        }
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Requests/sec:") }),
            let rate = Double(line.dropFirst("Requests/sec:".count).trimmingCharacters(in: .whitespaces))
        else { throw BenchError(description: "wrk gave no rate for \(url): \(text)") }
        return rate
    }
}

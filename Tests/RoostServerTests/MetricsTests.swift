import Foundation
import NIOHTTP1
import Roost
import Testing

@testable import RoostServer

extension ServerTests {
    @Suite struct MetricsTests {
        @Test func `what was answered and generated is counted`() async throws {
            try await TestServer.run { server async throws in
                for _ in 0..<3 {
                    _ = try await server.send(
                        .POST, "/api/generate",
                        #"{"model":"base","prompt":"a canary sings and sings and sings and sings and sings until it is heard","options":{"num_predict":4,"temperature":0}}"#
                    )
                }
                _ = try await server.send(.GET, "/v1/models/nobody")
                _ = try await server.send(.GET, "/nothing")
                _ = try await server.raw("nonsense\r\n\r\n")
                let metrics = try await Metrics(server)
                #expect(
                    metrics["roost_http_requests_total", ["method": "POST", "route": "/api/generate", "status": "2xx"]]
                        == 3)
                #expect(
                    metrics["roost_http_requests_total", ["method": "GET", "route": "/v1/models/**", "status": "4xx"]]
                        == 1)
                #expect(
                    metrics["roost_http_requests_total", ["method": "GET", "route": "other", "status": "4xx"]] == 1)
                #expect(metrics["roost_http_requests_refused_total", ["status": "400"]] == 1)
                let model = ["model": "base:latest"]
                #expect(metrics["roost_generations_total", model] == 3)
                #expect(metrics["roost_generations_failed_total", model] == 0)
                #expect(metrics["roost_completion_tokens_total", model] == 12)
                let prompt = try #require(metrics["roost_prompt_tokens_total", model])
                let cached = try #require(metrics["roost_prompt_cached_tokens_total", model])
                #expect(prompt > 0 && cached > 0 && cached < prompt)
                #expect(metrics["roost_time_to_first_token_seconds_count", model] == 3)
                #expect((metrics["roost_time_between_tokens_seconds_count", model] ?? 0) > 0)
                #expect(
                    metrics["roost_http_request_duration_seconds_bucket", ["route": "/api/generate", "le": "+Inf"]] == 3
                )
                #expect((metrics["roost_model_memory_bytes", model] ?? 0) > 0)
                #expect((metrics["roost_process_resident_memory_bytes", [:]] ?? 0) > 1e6)
                #expect((metrics["roost_connections", [:]] ?? 0) >= 1)
                #expect(metrics["roost_downloads_active", [:]] == 0)
                #expect(!metrics.text.contains("canary"))
            }
        }

        @Test func `names that clients make up add no series`() async throws {
            try await TestServer.run { server async throws in
                _ = try await server.send(.POST, "/api/show", #"{"model":"nobody"}"#)
                _ = try await server.send(.POST, "/api/generate", #"{"model":"nobody","prompt":"a"}"#)
                _ = try await server.send(.GET, "/nothing")
                _ = try await server.send(.GET, "/v1/models/nobody")
                // Its own request is counted from the second time on.
                _ = try await Metrics(server)
                let before = try await Metrics(server).seriesCount
                let client = try await RawClient.connect(port: server.running.port)
                for batch in 0..<5 {
                    var requests = ""
                    for number in 0..<100 {
                        let name = "model-\(batch)-\(number)"
                        let body = #"{"model":"\#(name)","prompt":"a"}"#
                        let path = ["/api/show", "/api/generate"][number % 2]
                        requests +=
                            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                        requests +=
                            "GET /\(number % 2 == 0 ? "" : "v1/models/")\(name) HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    }
                    try await client.send(requests)
                }
                // The last of all closes the connection.
                try await client.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(try await client.textToEnd().components(separatedBy: "HTTP/1.1 404").count == 1002)
                #expect(try await Metrics(server).seriesCount == before)
            }
        }

        @Test func `ten thousand models have a bounded number of series, and odd names are one line`() throws {
            let metrics = ServerMetrics()
            func series() throws -> Int {
                let report = MetricsReport(
                    snapshot: metrics.snapshot, models: [], downloads: [], connectionCount: 0, generationCount: 0,
                    version: "1", startedAt: .now)
                let text = try Metrics(report.text(.prometheus))
                try text.check()
                return text.seriesCount
            }
            var counts: [Int] = []
            for number in 0..<10_000 {
                metrics.generationEnds(
                    model: "a\"b\\c\n\(number)", results: [],
                    timeBetweenTokens: Histogram(bounds: Histogram.betweenTokensBounds), hasFailed: false)
                if number == 100 || number == 9999 { counts.append(try series()) }
            }
            #expect(counts[0] == counts[1])
            #expect(metrics.snapshot.models["other"]?.generations == 9900)
        }

        @Test func `no name ends its label's value, or its line`() {
            var text = MetricsText(.prometheus)
            text.add(.gauge, "x", "h", [.init(1, [("model", "a\r\nb\"\u{301}} 2\\")])])
            let lines = text.whole.unicodeScalars.split(separator: "\n").map { String($0) }
            #expect(lines.count == 3)
            #expect(lines.last.map { Array($0.utf8) } == Array("x{model=\"a\\\\r\\nb\\\"\u{301}} 2\\\\\"} 1".utf8))
        }

        @Test func `both formats are as their parsers want them`() async throws {
            try await TestServer.run { server async throws in
                _ = try await server.send(
                    .POST, "/api/generate", #"{"model":"base","prompt":"a","options":{"num_predict":2}}"#)
                let plain = try await server.send(.GET, "/metrics")
                #expect(plain.headers["Content-Type"] == ["text/plain; version=0.0.4; charset=utf-8"])
                try Metrics(plain.text).check()
                let open = try await server.send(
                    .GET, "/metrics",
                    headers: ["Accept": "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"])
                #expect(
                    open.headers["Content-Type"] == ["application/openmetrics-text; version=1.0.0; charset=utf-8"])
                #expect(open.text.hasSuffix("\n# EOF\n"))
                #expect(open.text.contains("# TYPE roost_completion_tokens counter\n"))
            }
        }
    }
}

/// Metrics in Prometheus' text format, read strictly.
struct Metrics {
    let text: String
    private var values: [String: [[String: String]: Double]] = [:]
    private var types: [String: String] = [:]

    init(_ server: TestServer) async throws {
        try self.init(try await server.send(.GET, "/metrics").text)
    }

    init(_ text: String) throws {
        self.text = text
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                try #require(words.count == 4 && types.updateValue(String(words[3]), forKey: String(words[2])) == nil)
                continue
            }
            if line.hasPrefix("# HELP ") { continue }
            let match = try #require(try Self.sample.wholeMatch(in: line), "\(line)")
            var labels: [String: String] = [:]
            for label in (match.output.2 ?? "").matches(of: Self.label) {
                labels[String(label.output.1)] = String(label.output.2)
            }
            let value = try #require(Double(match.output.3.replacing("+Inf", with: "inf")), "\(line)")
            try #require(
                values[String(match.output.1), default: [:]].updateValue(value, forKey: labels) == nil, "\(line)")
        }
    }

    private static var sample: Regex<(Substring, Substring, Substring?, Substring)> {
        /([a-z_]+)(?:\{([^\n]*)\})? (\S+)/
    }
    private static var label: Regex<(Substring, Substring, Substring)> { /([a-z_]+)="((?:[^"\\]|\\.)*)"/ }

    subscript(name: String, labels: [String: String]) -> Double? { values[name]?[labels] }

    var seriesCount: Int { values.values.reduce(0) { $0 + $1.count } }

    /// Every sample belongs to a type that was told, and the buckets of histograms rise.
    func check() throws {
        for name in values.keys {
            let family = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map {
                String(name.dropLast($0.count))
            }
            let type = types[name] ?? family.flatMap { types[$0] }
            #expect(type != nil, "\(name)")
            if type == "counter" { #expect(name.hasSuffix("_total"), "\(name)") }
            guard type == "histogram", name.hasSuffix("_bucket"), let family else { continue }
            var series: [[String: String]: [(Double, Double)]] = [:]
            for (labels, value) in values[name] ?? [:] {
                var rest = labels
                let bound = rest.removeValue(forKey: "le").flatMap { Double($0.replacing("+Inf", with: "inf")) }
                series[rest, default: []].append((try #require(bound), value))
            }
            for (labels, buckets) in series {
                let counts = buckets.sorted { $0.0 < $1.0 }.map(\.1)
                #expect(counts == counts.sorted())
                #expect(counts.last == values[family + "_count"]?[labels])
            }
        }
    }
}

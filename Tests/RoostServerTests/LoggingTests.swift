import Foundation
import Logging
import NIOHTTP1
import Roost
import RoostServer
import Synchronization
import Testing

/// Keeps what a log writes.
final class KeptLog: Sendable {
    private let kept = Mutex("")

    var text: String { kept.withLock { $0 } }
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// A log that writes into this one.
    func log(level: Logger.Level = .info, format: ServerLog.Format = .text) -> ServerLog {
        ServerLog(level: level, format: format) { line in self.kept.withLock { $0 += line } }
    }
}

@Suite struct LoggingTests {
    @Test func `a line holds time, level, message and fields, the same in JSON`() throws {
        let kept = KeptLog()
        let log = kept.log()
        var logger = log.logger(label: "roost")
        logger[metadataKey: "request"] = "abc"
        logger.notice("it is so", metadata: ["status": "200", "model": "a b"])
        logger.debug("not at this level")
        #expect(kept.lines.count == 1)
        #expect(kept.lines[0].hasSuffix("Z notice it is so model=\"a b\" request=abc status=200"), "\(kept.text)")
        // Loggers that exist already change with the log.
        log.configure(level: .debug, format: .json)
        logger.debug("at this one", metadata: ["status": "200", "id": "0123", "time": "x"])
        let object = try JSONObject(Data(kept.lines[1].utf8))
        #expect(object.string("level") == "debug" && object.string("message") == "at this one")
        #expect(object.int("status") == 200 && object.string("id") == "0123" && object.string("request") == "abc")
        #expect(object.string("_time") == "x" && object.string("time")?.hasSuffix("Z") == true)
    }

    @Test func `nothing in a value makes another field`() {
        let kept = KeptLog()
        let bad = [#"x\" status=200 caller=admin y=\""#, "a\"\u{301} b=1", "c =\u{301}d", "\\", "é\u{85}", "é"]
        for value in bad { kept.log().logger(label: "roost").info("it", metadata: ["model": "\(value)"]) }
        let values = kept.lines.compactMap { $0.components(separatedBy: " it model=").last }
        #expect(
            values == [
                #""x\\\" status=200 caller=admin y=\\\"""#, "\"a\\\"\u{301} b=1\"", "\"c =\u{301}d\"",
                #""\\""#, #""é\u0085""#, "é",
            ])
    }

    @Test(arguments: ServerLog.Format.allCases)
    func `nothing in a value makes a second line or steers a terminal`(format: ServerLog.Format) throws {
        let kept = KeptLog()
        let bad = "x\r\n2026 error forged=1\u{1B}[2J\u{85}\u{2028}\u{202E}\u{0}\u{7F}\"\\"
        kept.log(format: format).logger(label: "roost").error("\(bad)", metadata: ["k\n": "\(bad)"])
        #expect(kept.text.filter { $0.isNewline }.count == 1 && kept.text.hasSuffix("\n"))
        #expect(!kept.text.dropLast().unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!kept.text.unicodeScalars.contains("\u{202E}"))
        if format == .json {
            let object = try JSONObject(Data(kept.text.utf8))
            #expect(object.string("message") == bad && object.string("k\n") == bad)
        }
    }
}

extension ServerTests {
    @Suite struct LoggedRequestTests {
        private static let canary = "canary-8c1f2e"

        @Test func `each request has one line, without what was asked and answered`() async throws {
            let kept = KeptLog()
            try await TestServer.run(log: { kept.log(level: .trace) }) { server async throws in
                let generated = try await server.send(
                    .POST, "/api/generate",
                    #"{"model":"base","prompt":"\#(Self.canary)","options":{"num_predict":4}}"#,
                    headers: ["X-Request-Id": "my.id-1", "Authorization": "Bearer \(Self.canary)"])
                #expect(generated.headers["X-Request-Id"] == ["my.id-1"])
                _ = try await server.send(
                    .POST, "/v1/chat/completions?key=\(Self.canary)",
                    #"{"model":"chat","max_tokens":2,"messages":[{"role":"user","content":"\#(Self.canary)"}]}"#)
                _ = try await server.send(
                    .POST, "/api/generate", #"{"model":"x\r\ny\u001b","prompt":"\#(Self.canary)"}"#)
                _ = try await server.send(.POST, "/api/generate", #"{"model":3,"prompt":"\#(Self.canary)"}"#)
                _ = try await server.send(.GET, "/nothing%0d%0a?\(Self.canary)")
            }
            #expect(!kept.text.contains(Self.canary))
            let requests = kept.lines.filter { $0.contains(" info request ") }
            #expect(requests.count == 5, "\(kept.text)")
            #expect(
                ["method=POST", "path=/api/generate", "status=200", "request=my.id-1", "model=base", "bytes="]
                    .allSatisfy { requests[0].contains($0) }, "\(requests)")
            #expect(requests[1].contains("path=/v1/chat/completions "))
            #expect(
                requests[2].contains("status=404") && requests[2].contains(#"model="x\r\ny\u001b""#), "\(requests[2])")
            #expect(requests[3].contains("status=400"))
        }

        @Test func `ids that are not plain words are replaced, and each answer has one`() async throws {
            try await TestServer.run { server async throws in
                var ids: Set<String> = []
                for (sent, isKept) in [
                    ("a", true), (String(repeating: "a", count: 128), true),
                    (String(repeating: "a", count: 129), false),
                    ("a b", false), ("a\u{FC}", false), ("<script>", false), ("", false),
                ] {
                    let reply = try await server.send(.GET, "/nothing", headers: ["X-Request-Id": sent])
                    let got = try #require(reply.headers.first(name: "X-Request-Id"))
                    #expect((got == sent) == isKept, "\(sent)")
                    ids.insert(got)
                }
                #expect(ids.count == 7)
            }
        }
    }
}

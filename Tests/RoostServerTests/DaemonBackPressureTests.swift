import Foundation
import Roost
import Testing
import Waiting

@testable import RoostServer

extension ServerTests {
    /// Clients that read more slowly than a model computes, or not at all.
    @Suite struct DaemonBackPressureTests {
        @Test func `what waits becomes fewer pieces of the same text, each choice in order`() async throws {
            let (events, sink) = GenerationEvents.makeStream()
            var expected = ["", ""]
            for number in 0..<10_000 {
                let choice = number % 2
                expected[choice] += "\(number),"
                sink.yield(.delta(GenerationDelta(choice: choice, text: "\(number),")))
            }
            sink.finish()
            var texts = ["", ""]
            var count = 0
            for try await case .delta(let delta) in events {
                texts[delta.choice] += delta.text
                count += 1
            }
            #expect(texts == expected)
            #expect(count < 100)
        }

        @Test func `what waits beyond the limit ends the generation, and is dropped`() async throws {
            let (events, sink) = GenerationEvents.makeStream()
            let ended = OneTimeEvent()
            sink.onEnd { ended.happen() }
            let piece = GenerationEvent.text(String(repeating: "a", count: 1 << 16))
            for _ in 0..<GenerationEvents.byteLimit >> 16 { sink.yield(piece) }
            #expect(!ended.hasHappened)
            sink.yield(piece)
            #expect(ended.hasHappened)
            let error = await #expect(throws: APIError.self) {
                for try await _ in events { Issue.record("What was dropped came.") }
            }
            #expect(error?.message.contains("too slowly") == true)
        }

        @Test func `a reader who goes, or is cancelled, ends the generation`() async throws {
            let gone = OneTimeEvent()
            do {
                let (events, sink) = GenerationEvents.makeStream()
                sink.onEnd { gone.happen() }
                sink.yield(.text("a"))
                var iterator = events.makeAsyncIterator()
                _ = try await iterator.next()
            }
            #expect(gone.hasHappened)
            let (events, sink) = GenerationEvents.makeStream()
            let cancelled = OneTimeEvent()
            sink.onEnd { cancelled.happen() }
            let reading = Task { for try await _ in events {} }
            reading.cancel()
            try await reading.value
            #expect(cancelled.hasHappened)
        }

        /// A request whose answer is more than the system takes for a client that does not read.
        private static func largeRequest(_ fields: String) -> (text: String, byteCount: Int) {
            let content = String(repeating: "a", count: 12 << 20)
            let body = #"{"model":"chat","messages":[{"role":"user","content":"\#(content)"}]}"#
            let head = "POST /apply-template HTTP/1.1\r\nHost: localhost\r\n\(fields)"
            return (head + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", content.utf8.count)
        }

        /// How the answer ends.
        private static let answerEnd = "assistant\\n\"}"

        private static func check(_ reply: String, of byteCount: Int) {
            #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(reply.utf8.count > byteCount && reply.hasSuffix(Self.answerEnd), "\(reply.utf8.count)")
        }

        @Test(arguments: [true, false])
        func `a client gets all of a large last answer, however late it reads`(saysLast: Bool) async throws {
            let kept = KeptLog()
            try await TestServer.run {
                $0.connectionLimits.lingerTimeout = .milliseconds(100)
            } log: {
                kept.log()
            } _: { server async throws in
                let request = Self.largeRequest(saysLast ? "Connection: close\r\n" : "")
                let client = try await RawClient.connect(port: server.running.port, reads: false)
                try await client.send(request.text)
                #expect(
                    try await eventually {
                        kept.lines.contains { $0.contains("path=/apply-template") && $0.contains("status=200") }
                    })
                if !saysLast { await client.finish() }
                // Longer than a connection that is done may last.
                try await Task.sleep(for: .milliseconds(500))
                try await client.startReading()
                Self.check(try await client.textToEnd(), of: request.byteCount)
            }
        }

        @Test func `a client that reads slowly, but steadily, gets all of a large answer`() async throws {
            let stallTimeout = Duration.seconds(2)
            try await TestServer.run {
                $0.connectionLimits.stallTimeout = stallTimeout
            } _: { server async throws in
                let request = Self.largeRequest("")
                for run in 1...10 {
                    let client = try await RawClient.connect(port: server.running.port, reads: false)
                    var last = ContinuousClock.now
                    var longestPause = Duration.zero
                    func note() {
                        let now = ContinuousClock.now
                        longestPause = max(longestPause, now - last)
                        last = now
                    }
                    try await client.send(request.text)
                    note()
                    // For more than twice as long as a client may take nothing.
                    let end = last + .seconds(5)
                    while last < end {
                        client.read()
                        try await Task.sleep(for: .milliseconds(2))
                        note()
                    }
                    let isCut = try await client.isClosed
                    try? await client.startReading()
                    note()
                    let reply = try await client.text { $0.hasSuffix(Self.answerEnd) }
                    // On a busy machine this client itself may have paused so long that it was cut rightly.
                    if isCut || !reply.hasSuffix(Self.answerEnd), longestPause > stallTimeout / 2, run < 10 {
                        await client.close()
                        continue
                    }
                    #expect(!isCut)
                    Self.check(reply, of: request.byteCount)
                    return
                }
            }
        }

        @Test func `a client that does not read loses its connection, and the slot is free`() async throws {
            try await TestServer.run(contextLength: TestServer.endlessContext) {
                $0.connectionLimits.stallTimeout = .milliseconds(300)
            } _: { server async throws in
                // With all that can be told of each token, what the system itself takes is soon full.
                let body =
                    #"{"model":"endless","prompt":"a","logprobs":true,"top_logprobs":20,"options":{"num_predict":-1}}"#
                let client = try await RawClient.connect(port: server.running.port, reads: false)
                try await client.send(
                    "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
                // It may run too short to be seen running.
                let model = ["model": TestServer.endless]
                #expect(
                    try await eventually {
                        guard try await Metrics(server)["roost_generations_total", model] == 1 else { return false }
                        return try await server.activeRequestCount() == 0
                    })
                await client.close()
            }
        }
    }
}

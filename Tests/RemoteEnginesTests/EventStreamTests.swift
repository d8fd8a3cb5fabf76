import Testing

@testable import RemoteEngines

@Suite struct EventStreamTests {
    private static let text =
        "\u{FEFF}: a comment\r\nevent: x\r\ndata: one\r\ndata:two\r\n\r\nid: 3\n\ndata\n\ndata: dröp\r\rdata:  last"
    private static let expected: [EventStreamParser.Event] = [
        .init(name: "x", data: "one\ntwo"), .init(data: ""), .init(data: "dröp"), .init(data: " last"),
    ]

    @Test func `events are the same however the bytes are cut`() throws {
        let bytes = Array(Self.text.utf8)
        for size in 1...bytes.count {
            var parser = EventStreamParser()
            var events: [EventStreamParser.Event] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += try parser.events(in: bytes[start..<min(start + size, bytes.count)])
            }
            events += try parser.finish()
            #expect(events == Self.expected, "pieces of \(size)")
        }
    }

    @Test func `a line that does not end is refused at its limit`() throws {
        var parser = EventStreamParser(lineLimit: 10, eventLimit: 100)
        _ = try parser.events(in: Array("data: 1234".utf8))
        #expect(throws: EventStreamParser.Violation.lineTooLong(limit: 10)) { try parser.events(in: [0x35]) }
    }

    @Test func `an event of too many lines is refused at its limit`() throws {
        var parser = EventStreamParser(lineLimit: 10, eventLimit: 12)
        #expect(throws: EventStreamParser.Violation.eventTooLong(limit: 12)) {
            for _ in 0..<9 { _ = try parser.events(in: Array("data:1234\n".utf8)) }
        }
    }

    @Test func `an old server's error line is an event`() throws {
        var parser = EventStreamParser()
        #expect(try parser.events(in: Array("error: {\"a\":1}\n\n".utf8)) == [.init(name: "error", data: "{\"a\":1}")])
    }
}

import Foundation
import Terminal
import Testing

@Suite struct ConsoleTests {
    @Test(
        arguments: [
            (true, ["TERM": "xterm"], true),
            (false, ["TERM": "xterm"], false),
            (true, ["TERM": "dumb"], false),
            (true, [:], false),
            (true, ["TERM": "xterm", "NO_COLOR": "1"], false),
            (true, ["TERM": "xterm", "NO_COLOR": ""], true),
            (true, ["TERM": "xterm", "CLICOLOR": "0"], false),
            (false, ["CLICOLOR_FORCE": "1"], true),
            (false, ["CLICOLOR_FORCE": "0"], false),
            (false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false),
        ] as [(Bool, [String: String], Bool)])
    func colorFollowsTheConventions(isTerminal: Bool, environment: [String: String], expected: Bool) {
        #expect(ColorSupport.isEnabled(isTerminal: isTerminal, environment: environment) == expected)
    }

    @Test func stylesAreWrittenOnlyWhereTheyAreWanted() {
        #expect(Console(sink: MemorySink()).styled("x", .bold) == "x")
        #expect(Console(sink: MemorySink(), isStyled: true).styled("x", .bold, .red) == "\u{1B}[1m\u{1B}[31mx\u{1B}[0m")
        #expect(Console(sink: MemorySink(), isStyled: true).styled("", .bold) == "")
    }

    @Test func aPipeGetsAllOfALongText() throws {
        let pipe = Pipe()
        let console = Console(descriptor: pipe.fileHandleForWriting.fileDescriptor, environment: ["TERM": "xterm"])
        #expect(!console.isTerminal)
        #expect(!console.isStyled)
        #expect(console.width == nil)
        let text = String(repeating: "äöü€", count: 100_000)
        let writer = Thread {
            console.write(text)
            try? pipe.fileHandleForWriting.close()
        }
        writer.start()
        #expect(try pipe.fileHandleForReading.readToEnd() == Data(text.utf8))
    }

    @Test func jsonIsSortedAndHasISODates() throws {
        struct Value: Encodable {
            var name = "a/b"
            var date = Date(timeIntervalSince1970: 0)
            var amount = Double.infinity
        }
        let expected = #"{"amount":"Infinity","date":"1970-01-01T00:00:00Z","name":"a/b"}"#
        #expect(try JSONText.line(Value()) == expected)
        #expect(try JSONText.pretty(["b": 1, "a": 2]).contains("\n"))
    }
}

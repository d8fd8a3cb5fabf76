import Synchronization
import Terminal
import Testing

@Suite struct ProgressBoardTests {
    private final class TestClock: Sendable {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    private static func lines(_ completed: Int64, note: String? = nil) -> [ProgressLine] {
        [
            ProgressLine(
                label: "a.gguf", completed: completed, total: 1000, bytesPerSecond: 10, timeRemaining: .seconds(3),
                note: note),
            ProgressLine(label: "total", completed: completed, total: 2000),
        ]
    }

    @Test func aPipeGetsALineForEachPartAtEachTenthAndForANewNote() {
        let sink = MemorySink()
        let board = ProgressBoard(console: Console(sink: sink), now: { .zero })
        for completed in stride(from: Int64(0), through: 1000, by: 10) { board.update(Self.lines(completed)) }
        board.update(Self.lines(1000, note: "verifying"))
        board.update(Self.lines(1000, note: "verifying"))
        board.finish()
        let lines = sink.text.split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("a.gguf: ") }.count == 12)
        #expect(lines.filter { $0.hasPrefix("total: ") }.count == 6)
        #expect(lines.first == "a.gguf: 0%  0 B of 1 kB  10 B/s  3 s left")
        #expect(lines.last == "a.gguf: 100%  1 kB of 1 kB  verifying")
        #expect(!sink.text.contains("\u{1B}"))
    }

    @Test func aTerminalGetsTheLinesInPlaceAndNoneAtTheEnd() {
        let sink = MemorySink()
        let clock = TestClock()
        let console = Console(sink: sink, isTerminal: true, columns: { 60 })
        let board = ProgressBoard(console: console, now: { clock.now })
        board.update(Self.lines(100))
        board.update(Self.lines(110))  // Too soon to be drawn.
        clock.advance(by: .milliseconds(150))
        board.update(Self.lines(500))
        board.say("a message")
        board.finish()
        let frames = sink.text.components(separatedByString: "\u{1B}[2A\r")
        #expect(frames.count == 4)
        #expect(frames[0].contains("10%") && !frames[0].contains("11%"))
        #expect(frames[1].contains("50%"))
        #expect(frames[2].hasPrefix("\u{1B}[Ja message\n") && frames[2].contains("50%"))
        #expect(frames[3] == "\u{1B}[J")
        for line in sink.text.split(separator: "\n") {
            #expect(line.replacing("\u{1B}[K", with: "").replacing("\u{1B}[2A\r", with: "").displayWidth < 60)
        }
    }

    @Test func linesCanStayAndNothingIsDrawnAfterTheEnd() {
        let sink = MemorySink()
        let console = Console(sink: sink, isTerminal: true, columns: { 60 })
        let board = ProgressBoard(console: console, now: { .zero })
        board.update(Self.lines(100))
        board.update(Self.lines(1000))
        board.finish(keepingLines: true)
        #expect(sink.text.contains("100%"))
        let length = sink.text.count
        board.update(Self.lines(0))
        #expect(sink.text.count == length)
    }
}

extension String {
    fileprivate func components(separatedByString separator: String) -> [Substring] {
        self.split(separator: separator, omittingEmptySubsequences: false)
    }
}

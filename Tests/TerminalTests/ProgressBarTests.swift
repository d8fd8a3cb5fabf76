import Synchronization
import Terminal
import Testing

@Suite struct ProgressBarTests {
    private final class TestClock: Sendable {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    @Test func aPipeGetsALineEachTenth() {
        let sink = MemorySink()
        let clock = TestClock()
        let bar = ProgressBar("copy", total: 1000, console: Console(sink: sink), now: { clock.now })
        for completed in stride(from: Int64(0), through: 1000, by: 10) {
            bar.update(completed: completed)
            clock.advance(by: .milliseconds(20))
        }
        bar.finish("done")
        let lines = sink.text.split(separator: "\n")
        #expect(lines.count == 12)
        #expect(lines.first == "copy: 0%  0 B of 1 kB")
        #expect(lines[5] == "copy: 50%  500 B of 1 kB  500 B/s  1 s left")
        #expect(lines.last == "done")
        #expect(!sink.text.contains("\u{1B}"))
        #expect(!sink.text.contains("\r"))
    }

    @Test func aTerminalGetsOneLineThatFitsAndIsClearedAtTheEnd() {
        let sink = MemorySink()
        let clock = TestClock()
        let console = Console(sink: sink, isTerminal: true, columns: { 60 })
        let bar = ProgressBar(
            "a name that is long enough to be cut somewhere", total: 2_000_000, console: console, now: { clock.now })
        for completed in stride(from: Int64(0), through: 2_000_000, by: 20_000) {
            bar.update(completed: completed)
            clock.advance(by: .milliseconds(50))
        }
        bar.finish()
        #expect(!sink.text.contains("\n"))
        #expect(sink.text.hasSuffix("\r\u{1B}[K"))
        let frames = sink.text.split(separator: "\r").map { $0.replacing("\u{1B}[K", with: "") }
        #expect(frames.allSatisfy { $0.displayWidth < 60 })
        #expect(frames.contains { $0.contains("50%") && $0.contains("400 kB/s") })
        // Drawn at most each 100 ms: 101 updates in 5.05 s.
        #expect(frames.count < 60)
    }

    @Test func workOfUnknownSizeShowsWhatIsDone() {
        let sink = MemorySink()
        let bar = ProgressBar("scan", unit: .items("files"), console: Console(sink: sink), now: { .zero })
        bar.update(completed: 3)
        #expect(sink.text == "scan: 3 files\n")
        bar.finish()
        bar.update(completed: 4)
        #expect(sink.text == "scan: 3 files\n")
    }

    @Test func aNewLabelStartsAfresh() {
        let sink = MemorySink()
        let bar = ProgressBar("hash", total: 10, unit: .fraction, console: Console(sink: sink), now: { .zero })
        bar.update(completed: 10)
        bar.update(completed: 0, label: "copy")
        #expect(sink.text == "hash: 100%\ncopy: 0%\n")
    }
}

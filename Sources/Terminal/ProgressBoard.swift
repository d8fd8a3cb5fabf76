import Synchronization

/// The progress of several pieces of work at once: on a terminal one line each that are drawn over themselves;
/// elsewhere a plain line at the start of each, at each tenth and when its note changes.
///
/// May be updated from any thread; drawing is limited to ten times a second.
public final class ProgressBoard: Sendable {
    private struct State {
        var drawnAt: Duration?
        var drawnLineCount = 0
        var printed: [String: Printed] = [:]
        var latest: [ProgressLine] = []
        var isFinished = false
    }

    private struct Printed {
        var tenth: Int
        var note: String?
    }

    private let console: Console
    private let now: @Sendable () -> Duration
    private let state = Mutex(State())

    private static let interval = Duration.milliseconds(100)
    /// More lines than this scroll a small window.
    private static let maximumLineCount = 12

    /// A board that shows nothing until its first update. `now` is a monotonic time from any origin.
    public init(console: Console = .error, now: @escaping @Sendable () -> Duration = ProgressBar.monotonicTime) {
        self.console = console
        self.now = now
    }

    /// Shows these lines in the place of the last ones. On a terminal the last of more than twelve are shown.
    public func update(_ lines: [ProgressLine]) {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.latest = lines
            if console.isTerminal {
                let time = now()
                if let drawnAt = state.drawnAt, time - drawnAt < Self.interval { return }
                state.drawnAt = time
                draw(&state)
            } else {
                for line in lines { printIfDue(line, &state) }
            }
        }
    }

    /// Prints a line above the board, which stays below it.
    public func say(_ message: String) {
        state.withLock { state in
            erase(&state)
            console.print(message)
            if console.isTerminal, !state.isFinished, !state.latest.isEmpty { draw(&state) }
        }
    }

    /// Ends the board: on a terminal its lines are cleared, or stay as they are last with `keepingLines`. Later
    /// updates do nothing.
    public func finish(keepingLines: Bool = false) {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            guard console.isTerminal else { return }
            if keepingLines, !state.latest.isEmpty { draw(&state) } else { erase(&state) }
        }
    }

    private func draw(_ state: inout State) {
        let width = console.width ?? 80
        let lines = state.latest.suffix(Self.maximumLineCount)
        let labelWidth = min(lines.map(\.label.printable.displayWidth).max() ?? 0, max(8, width / 3))
        var text = rewind(state)
        for line in lines {
            text += line.drawn(on: console, width: width, labelWidth: labelWidth) + "\u{1B}[K\n"
        }
        // Fewer lines than before: nothing of the old ones stays below.
        if lines.count < state.drawnLineCount { text += "\u{1B}[J" }
        state.drawnLineCount = lines.count
        console.write(text)
    }

    private func erase(_ state: inout State) {
        guard state.drawnLineCount > 0 else { return }
        console.write(rewind(state) + "\u{1B}[J")
        state.drawnLineCount = 0
    }

    private func rewind(_ state: State) -> String {
        state.drawnLineCount > 0 ? "\u{1B}[\(state.drawnLineCount)A\r" : ""
    }

    private func printIfDue(_ line: ProgressLine, _ state: inout State) {
        let tenth = line.fraction.map { Int(10 * $0) } ?? 0
        let before = state.printed[line.label]
        guard before == nil || tenth > before?.tenth ?? -1 || line.note != before?.note else { return }
        state.printed[line.label] = Printed(tenth: max(tenth, before?.tenth ?? 0), note: line.note)
        console.print("\(line.label.printable): \(line.facts)")
    }
}

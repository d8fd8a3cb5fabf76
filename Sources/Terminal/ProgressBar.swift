import Synchronization

/// The progress of one piece of work. On a terminal a line that is drawn over itself (bytes, speed, time left);
/// elsewhere a plain line at the start of the work, at each tenth and at the end.
///
/// May be updated from any thread; drawing is limited to ten times a second, so updates may come as often as they
/// like.
public final class ProgressBar: Sendable {
    /// What is counted.
    public enum Unit: Sendable {
        case bytes
        case items(String)
        /// A fraction of 1000 or so: only the percentage is shown.
        case fraction
    }

    private struct State {
        var label: String
        var completed: Int64 = 0
        var total: Int64?
        var startedAt: Duration
        var startedFrom: Int64?
        var drawnAt: Duration?
        var printedTenth = -1
        var isFinished = false
    }

    private let console: Console
    private let unit: Unit
    private let now: @Sendable () -> Duration
    private let state: Mutex<State>

    private static let interval = Duration.milliseconds(100)

    /// A bar that shows nothing until its first update. `now` is a monotonic time from any origin.
    public init(
        _ label: String, total: Int64? = nil, unit: Unit = .bytes, console: Console = .error,
        now: @escaping @Sendable () -> Duration = ProgressBar.monotonicTime
    ) {
        self.console = console
        self.unit = unit
        self.now = now
        state = Mutex(State(label: label, total: total, startedAt: now()))
    }

    /// Time since it was first asked for.
    public static let monotonicTime: @Sendable () -> Duration = {
        let origin = ContinuousClock.now
        return { ContinuousClock.now - origin }
    }()

    /// Says how far the work is. `total` and `label` replace the earlier ones when given; a new label starts the
    /// speed afresh.
    public func update(completed: Int64, total: Int64? = nil, label: String? = nil) {
        state.withLock { state in
            guard !state.isFinished else { return }
            let time = now()
            if let label, label != state.label {
                state.label = label
                state.startedAt = time
                state.startedFrom = completed
                state.drawnAt = nil
                state.printedTenth = -1
            }
            state.completed = completed
            if let total { state.total = total }
            if state.startedFrom == nil { state.startedFrom = completed }
            draw(&state, at: time)
        }
    }

    /// Ends the bar: on a terminal the line is cleared and replaced by `message`, if there is one. Later updates do
    /// nothing.
    public func finish(_ message: String? = nil) {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            if console.isTerminal, state.drawnAt != nil { console.write("\r\u{1B}[K") }
            if let message { console.print(message) }
        }
    }

    private func draw(_ state: inout State, at time: Duration) {
        if console.isTerminal {
            let isDone = state.total.map { state.completed >= $0 } ?? false
            if let drawnAt = state.drawnAt, time - drawnAt < Self.interval, !isDone { return }
            state.drawnAt = time
            console.write("\r" + line(state, at: time, width: console.width ?? 80) + "\u{1B}[K")
        } else {
            let tenth = fraction(state).map { Int(10 * $0) } ?? 0
            guard tenth > state.printedTenth else { return }
            state.printedTenth = tenth
            console.print(line(state, at: time, width: nil))
        }
    }

    private func fraction(_ state: State) -> Double? {
        state.total.map { $0 > 0 ? min(1, max(0, Double(state.completed) / Double($0))) : 1 }
    }

    private func line(_ state: State, at time: Duration, width: Int?) -> String {
        let fraction = fraction(state)
        var parts: [String] = []
        switch unit {
        case .bytes:
            let done = HumanReadable.bytes(state.completed)
            parts.append(state.total.map { "\(done) of \(HumanReadable.bytes($0))" } ?? done)
        case .items(let name):
            parts.append((state.total.map { "\(state.completed) of \($0)" } ?? "\(state.completed)") + " \(name)")
        case .fraction: break
        }
        let elapsed = (time - state.startedAt) / .seconds(1)
        let speed = elapsed > 0.5 ? (Double(state.completed) - Double(state.startedFrom ?? 0)) / elapsed : 0
        if speed > 0 {
            if case .bytes = unit { parts.append(HumanReadable.bytes(Int64(min(speed, 1e18))) + "/s") }
            if let total = state.total, total > state.completed {
                let left = Double(total - state.completed) / speed
                parts.append(HumanReadable.duration(.seconds(min(left, 1e9).rounded(.up))) + " left")
            }
        }
        let percent = fraction.map { String(Int($0 * 100)) + "%" }
        let tail = ([percent].compactMap { $0 } + parts).joined(separator: "  ")
        guard let width else { return "\(state.label.printable): \(tail)" }

        let label = state.label.printable.truncated(toWidth: max(8, width / 3))
        return ProgressLine.bar(
            label: label, fraction: fraction, facts: tail, on: console, width: width, labelWidth: label.displayWidth)
    }
}

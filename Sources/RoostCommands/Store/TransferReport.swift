import Foundation
import Roost
import Synchronization
import Terminal

/// Shows the progress of an import or a verification: a bar or plain lines on standard error, or JSON lines on
/// standard output. May be updated from any thread.
final class TransferReport: Sendable {
    private let bar: ProgressBar?
    private let label: String?
    private let last = Mutex<(progress: ImportProgress, time: ContinuousClock.Instant)?>(nil)

    /// - Parameter label: What stands before the bar; the phase when `nil`.
    init(isJSON: Bool, label: String? = nil) {
        bar = isJSON ? nil : ProgressBar(label ?? "checking")
        self.label = label
    }

    func update(_ progress: ImportProgress) {
        if let bar {
            // Checking and committing take no time that a bar could show.
            guard progress.phase == .copying || progress.phase == .hashing else { return }
            bar.update(
                completed: progress.completed, total: progress.total, label: label ?? progress.phase.rawValue)
        } else if isDue(progress) {
            let event = Event(
                status: progress.phase.rawValue, completed: progress.completed, total: progress.total)
            // An event has a JSON form always; there is nobody to tell if it had not.
            try? Console.output.printJSONLine(event)
        }
    }

    func finish() { bar?.finish() }

    /// At a new phase, at its end, and ten times a second.
    private func isDue(_ progress: ImportProgress) -> Bool {
        last.withLock { last in
            let now = ContinuousClock.now
            if let last, last.progress.phase == progress.phase, progress.completed < progress.total,
                now - last.time < .milliseconds(100)
            {
                return false
            }
            last = (progress, now)
            return true
        }
    }

    private struct Event: Encodable {
        let status: String
        let completed: Int64
        let total: Int64
    }
}

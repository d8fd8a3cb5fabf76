import Roost
import Synchronization
import Terminal

/// Shows downloads: a line for each file and one for the whole, plain lines off a terminal, or JSON events.
final class DownloadReport: Sendable {
    private let board: ProgressBoard?
    private let rows = Mutex<[(key: String, progress: ModelDownloadProgress)]>([])
    private let told = Mutex<[String: (event: DownloadEvent, time: ContinuousClock.Instant)]>([:])
    private static let eventInterval = Duration.milliseconds(200)

    init(isJSON: Bool, console: Console = .error) {
        board = isJSON ? nil : ProgressBoard(console: console)
    }

    /// Follows a download to its end.
    func follow(_ download: ModelDownload) async {
        for await progress in download.progress { update(progress, of: download.reference) }
    }

    /// Prints a message above the bars.
    func say(_ message: String) { board?.say(message) }

    func finish() { board?.finish() }

    private func update(_ progress: ModelDownloadProgress, of key: String) {
        guard let board else { return tell(progress) }
        // The error says it.
        if progress.state == .failed { return }
        let lines = rows.withLock { rows in
            if let index = rows.firstIndex(where: { $0.key == key }) {
                rows[index].progress = progress
            } else {
                rows.append((key, progress))
            }
            return rows.flatMap { Self.lines(of: $0.progress) }
        }
        board.update(lines)
    }

    /// A file's line while it is on its way, and the whole's when there are several.
    private static func lines(of progress: ModelDownloadProgress) -> [ProgressLine] {
        guard !progress.files.isEmpty else {
            guard progress.state == .queued else { return [] }
            return [ProgressLine(label: progress.model, completed: 0, total: nil, note: "asking")]
        }
        if progress.files.count == 1 || progress.state == .completed {
            return [whole(progress, label: progress.model)]
        }
        let active = progress.files.filter { $0.state != .completed && $0.state != .queued }
        return active.map { file in
            ProgressLine(
                label: file.name.split(separator: "/").last.map(String.init) ?? file.name,
                completed: file.completedByteCount, total: file.totalByteCount, bytesPerSecond: file.bytesPerSecond,
                timeRemaining: file.timeRemaining, note: note(file.state))
        } + [whole(progress, label: progress.model)]
    }

    private static func whole(_ progress: ModelDownloadProgress, label: String) -> ProgressLine {
        ProgressLine(
            label: label, completed: progress.completedByteCount, total: progress.totalByteCount,
            bytesPerSecond: progress.bytesPerSecond, timeRemaining: progress.timeRemaining,
            note: note(progress.state))
    }

    private static func note(_ state: DownloadProgress.State) -> String? {
        switch state {
        case .downloading: nil
        case .completed: "done"
        case .queued, .paused, .verifying, .failed: state.rawValue
        }
    }

    // MARK: JSON

    private func tell(_ progress: ModelDownloadProgress) {
        let now = ContinuousClock.now
        for event in progress.fileEvents + [progress.event] {
            let key = event.model + "\n" + (event.file ?? "")
            let isDue = told.withLock { told in
                if let last = told[key], last.event.state == event.state {
                    guard last.event != event, now - last.time >= Self.eventInterval else { return false }
                }
                told[key] = (event, now)
                return true
            }
            // An event has a JSON form always.
            if isDue { try? Console.output.printJSONLine(event) }
        }
    }
}

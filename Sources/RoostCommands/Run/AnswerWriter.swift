import Roost
import Synchronization
import Terminal

/// A whole answer.
struct Answer: Sendable {
    var text: String
    var result: RunResult
}

/// Writes an answer as it comes, and ends it on ctrl-C.
struct AnswerWriter: Sendable {
    /// How an answer ended.
    enum Outcome: Sendable {
        case finished(Answer)
        /// Ctrl-C; with the text so far.
        case interrupted(text: String)
    }

    /// Where the text goes; `nil` writes none of it.
    let output: Console?
    /// Where progress is shown.
    let error: Console
    /// Ends the answer, not the program.
    let interruption: Interruption
    /// Gets each event, for `--events`.
    var onEvent: @Sendable (RunEvent) -> Void = { _ in }

    /// Tokens of a prompt from which its progress is worth showing.
    private static let longPrompt = 512

    /// Writes the events' text until the answer has ended.
    ///
    /// Throws what the stream throws; `RunError.notAnswering` when it ends without a result.
    func write(_ events: any RunEvents) async throws -> Outcome {
        let written = Written()
        let task = Task { try await self.read(events, into: written) }
        let result: RunResult?
        do {
            result = try await interruption.interrupting({ task.cancel() }) {
                try await withTaskCancellationHandler {
                    try await task.value
                } onCancel: {
                    task.cancel()
                }
            }
        } catch is CancellationError {
            result = nil
        }
        let text = written.text.withLock { $0 }
        if let result { return .finished(Answer(text: text, result: result)) }
        guard task.isCancelled else { throw RunError.notAnswering }
        return .interrupted(text: text)
    }

    private func read(
        _ events: any RunEvents, into written: Written
    ) async throws -> RunResult? {
        var bar: ProgressBar?
        defer { bar?.finish() }
        for try await event in events {
            onEvent(event)
            switch event {
            case .promptProgress(let processed, let total):
                guard error.isTerminal, total >= Self.longPrompt else { continue }
                bar = bar ?? ProgressBar("Reading", unit: .items("tokens"), console: error)
                bar?.update(completed: Int64(processed), total: Int64(total))
            case .text(let text):
                bar?.finish()
                written.text.withLock { $0 += text }
                // A terminal would act on control characters in it.
                output.map { $0.write($0.isTerminal ? text.withoutTerminalControls : text) }
            case .finished(let result): return result
            }
        }
        return nil
    }

    private final class Written: Sendable {
        let text = Mutex("")
    }
}

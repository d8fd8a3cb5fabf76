import Dispatch
public import Foundation

/// A line editor for async functions: it waits for keys on a queue of its own.
public final class AsyncLineEditor: @unchecked Sendable {  // sound: the editor is used on `queue` only
    private let editor: LineEditor
    private let queue = DispatchQueue(label: "roost.terminal.editor")

    /// An editor at standard input and output.
    public init(history: LineHistory) {
        editor = LineEditor(history: history)
    }

    /// Reads one line; see ``LineEditor/readLine(prompt:placeholder:)``.
    public func readLine(prompt: String, placeholder: String = "") async -> LineEditor.Outcome {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: self.editor.readLine(prompt: prompt, placeholder: placeholder))
            }
        }
    }

    /// From now on keeps the history in a file; with `nil` in none.
    public func rememberLines(in file: URL?) {
        queue.sync { self.editor.history.keep(in: file) }
    }

    /// Adds an entry to the history.
    public func remember(_ entry: String) {
        queue.async { self.editor.history.add(entry) }
    }
}

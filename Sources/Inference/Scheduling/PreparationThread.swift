import Dispatch
import Foundation
import Synchronization

/// Makes requests ready one after another on a thread of its own, so that a long template or grammar holds up no
/// token of those that are computed.
final class PreparationThread: Sendable {
    private struct State {
        var waiting: [GenerationTask] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let end = DispatchSemaphore(value: 0)
    /// Given up at the end, with the model that it holds.
    private let prepare: Mutex<(@Sendable (GenerationTask) throws -> PreparedRequest)?>
    private let didPrepare: @Sendable (GenerationTask, Result<PreparedRequest, any Error>) -> Void

    /// - Parameter didPrepare: called on the thread with what came out.
    init(
        prepare: @escaping @Sendable (GenerationTask) throws -> PreparedRequest,
        didPrepare: @escaping @Sendable (GenerationTask, Result<PreparedRequest, any Error>) -> Void
    ) {
        self.prepare = Mutex(prepare)
        self.didPrepare = didPrepare
    }

    /// It ends with `close()`.
    func start() {
        let thread = Thread {
            self.run()
            self.prepare.withLock { $0 = nil }
            self.end.signal()
        }
        thread.name = "roost-prepare"
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// False when it was closed.
    func add(_ task: GenerationTask) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.waiting.append(task) }
            return !state.isClosed
        }
        if isOpen { wake.signal() }
        return isOpen
    }

    /// What waits is given back.
    func close() -> [GenerationTask] {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        wake.signal()
        return waiting
    }

    /// Blocks until the thread has ended, after `close()`; once.
    func waitForEnd() { end.wait() }

    private func run() {
        while true {
            let (task, isClosed) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosed)
            }
            if isClosed { return }
            guard let task else {
                wake.wait()
                continue
            }
            guard let prepare = prepare.withLock({ $0 }) else { return }
            didPrepare(task, Result { try prepare(task) })
        }
    }
}

import Dispatch
import Synchronization

/// What other threads want of the engine's thread.
final class EngineInbox: Sendable {
    enum Command: Sendable {
        /// A request is ready.
        case serve(PreparedRequest)
        /// Somebody stopped waiting.
        case lookForStopped
        /// Something else to be done between turns. It is told whether the engine has been closed instead.
        case perform(@Sendable (EngineParts?) -> Void)
    }

    private struct State {
        var commands: [Command] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// False when the engine was closed.
    @discardableResult
    func send(_ command: Command) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.commands.append(command) }
            return !state.isClosed
        }
        if isOpen { wake.signal() }
        return isOpen
    }

    /// Nothing more is taken in.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    /// What has come; with `waits`, blocks until something does. For the engine's thread.
    func take(waits: Bool) -> (commands: [Command], isClosed: Bool) {
        while true {
            let (commands, isClosed) = state.withLock { state in
                defer { state.commands = [] }
                return (state.commands, state.isClosed)
            }
            if !commands.isEmpty || isClosed || !waits { return (commands, isClosed) }
            wake.wait()
        }
    }
}

/// What jobs on the engine's thread may use.
struct EngineParts {
    let model: ModelHandle
    /// The context that generates; `nil` for a model that does not.
    let context: EngineContext?
    /// `nil` for a model that does not generate.
    let scheduler: Scheduler?
}

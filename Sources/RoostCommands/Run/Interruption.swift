import Synchronization
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What ctrl-C does: ends the answer that is being written; ends the program when there is none.
final class Interruption: Sendable {
    private let watch: SignalWatch
    private let action: Action

    private final class Action: Sendable {
        let current = Mutex<(@Sendable () -> Void)?>(nil)
    }

    /// From now on SIGINT goes here.
    init() {
        let action = Action()
        self.action = action
        watch = SignalWatch([SIGINT]) { number in
            guard let interrupt = action.current.withLock({ $0 }) else { return SignalWatch.deliver(number) }
            interrupt()
        }
    }

    /// Runs `body`; ctrl-C calls `interrupt` meanwhile.
    ///
    /// Throws what `body` throws.
    func interrupting<R: Sendable>(
        _ interrupt: @escaping @Sendable () -> Void, _ body: () async throws -> R
    ) async rethrows -> R {
        action.current.withLock { $0 = interrupt }
        defer { action.current.withLock { $0 = nil } }
        return try await body()
    }
}

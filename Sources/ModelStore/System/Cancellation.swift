import Synchronization

/// Carries a task's cancellation to blocking work on another thread.
final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    func cancel() { flag.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once cancelled.
    func check() throws {
        if flag.load(ordering: .relaxed) { throw CancellationError() }
    }
}

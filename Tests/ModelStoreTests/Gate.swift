import Dispatch
import Synchronization

/// Holds a blocking thread at a point of its work until the test lets it go on.
final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation
    private let isOpen = Atomic<Bool>(false)

    init() { (arrivals, arrival) = AsyncStream.makeStream() }

    /// Called on the thread that is to wait.
    func passAfterOpening() {
        guard !isOpen.load(ordering: .acquiring) else { return }
        arrival.yield()
        opened.wait()
        opened.signal()
    }

    /// Returns when a thread waits.
    func reached() async {
        var iterator = arrivals.makeAsyncIterator()
        await iterator.next()
    }

    func open() {
        isOpen.store(true, ordering: .releasing)
        opened.signal()
    }
}

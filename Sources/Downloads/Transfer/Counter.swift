import Synchronization

/// A count that several tasks add to.
final class Counter: Sendable {
    private let count = Mutex<Int64>(0)

    var value: Int64 { count.withLock { $0 } }

    func add(_ more: Int) { count.withLock { $0 += Int64(more) } }
}

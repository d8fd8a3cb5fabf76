import Synchronization

/// So many times something happens.
final class Countdown: Sendable {
    private let start: Int
    private let left: Mutex<Int>

    init(_ count: Int) {
        start = count
        left = Mutex(count)
    }

    var value: Int { left.withLock { $0 } }
    var isUsed: Bool { value < start }

    /// Whether it happens once more; `limit` makes it fewer times than the count.
    func take(_ limit: Int? = nil) -> Bool {
        left.withLock { left in
            guard left > start - (limit ?? start) else { return false }
            left -= 1
            return true
        }
    }
}

/// How many are in a place at a time.
final class Occupancy: Sendable {
    private let count = Mutex(0)

    func enter(limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

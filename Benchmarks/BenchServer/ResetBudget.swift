import Synchronization

/// Says when a connection is to be reset: how many bytes of content it may still send.
final class ResetBudget: Sendable {
    private let period: Int64?
    private let left: Mutex<Int64>

    /// - Parameter period: the bytes between two resets; `nil` is never.
    init(period: Int64?) {
        self.period = period
        left = Mutex(period ?? .max)
    }

    /// How many of so many bytes may be sent now, and whether the connection is to be reset after them. With several
    /// connections on one budget the one that takes the last byte is the one.
    func take(_ count: Int64) -> (count: Int64, resets: Bool) {
        guard let period else { return (count, false) }
        return left.withLock { left in
            guard count >= left else {
                left -= count
                return (count, false)
            }
            defer { left = period }
            return (left, true)
        }
    }
}

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What happened, for all connections together.
final class Statistics: Sendable {
    struct Counts: Sendable {
        var connections = 0
        var requests = 0
        var resets = 0
        var sentByteCount: Int64 = 0
        /// Nanoseconds of the system's monotonic clock, which all processes share.
        var lastByteAt: UInt64 = 0

        var json: String {
            """
            {"connections":\(connections),"requests":\(requests),"resets":\(resets),\
            "sentByteCount":\(sentByteCount),"lastByteAt":\(lastByteAt)}
            """
        }
    }

    private let counts = Mutex(Counts())

    /// What happened since this was last asked.
    func take() -> Counts {
        counts.withLock { counts in
            defer { counts = Counts() }
            return counts
        }
    }

    func connected() { counts.withLock { $0.connections += 1 } }
    func requested() { counts.withLock { $0.requests += 1 } }
    func reset() { counts.withLock { $0.resets += 1 } }

    func sent(_ byteCount: Int64) {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        counts.withLock {
            $0.sentByteCount += byteCount
            $0.lastByteAt = UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
        }
    }
}

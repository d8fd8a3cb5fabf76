import Foundation
import Synchronization

/// What the clients have seen so far.
final class SoakRecord: Sendable {
    struct Counts: Sendable {
        var finished = 0
        var cancelled = 0
        var left = 0
        var refused = 0
        var tokens = 0
        var tokensByTenant: [String: Int] = [:]
        var unexpected: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())
    private let running = Mutex<[Int: (since: ContinuousClock.Instant, what: String)]>([:])

    var now: Counts { counts.withLock { $0 } }

    func update(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }

    func unexpected(_ text: String) { counts.withLock { $0.unexpected[text, default: 0] += 1 } }

    /// A client has begun something; what lasts too long is stuck.
    func begin(_ client: Int, _ what: String) { running.withLock { $0[client] = (.now, what) } }

    func end(_ client: Int) { running.withLock { _ = $0.removeValue(forKey: client) } }

    /// What has been going on for longer than `limit`.
    func overdue(_ limit: Duration) -> [String] {
        running.withLock { running in
            running.filter { ContinuousClock.now - $0.value.since > limit }
                .map { "client \($0.key) has waited \(ContinuousClock.now - $0.value.since) for \($0.value.what)" }
        }
    }
}

import Foundation

/// Which models go so that another one fits.
struct EvictionPlan {
    /// A model that may go.
    struct Candidate: Sendable, Hashable {
        var key: String
        var byteCount: Int64
        /// Since its last request ended.
        var idleSeconds: Double
        /// Until its keep-alive ends; infinite when it stays.
        var secondsLeft: Double
        /// Whether requests use it: it goes when they have ended.
        var isInUse: Bool

        /// What is lost when it goes: more for one that was used a moment ago, that somebody wants kept for long, and
        /// that takes long to load again, for which its size stands.
        var value: Double {
            let wish = secondsLeft.isInfinite ? 1 : secondsLeft / (secondsLeft + 60)
            let cost = 1 + Double(byteCount) / 1_073_741_824
            return wish * cost / (1 + idleSeconds)
        }
    }

    /// The keys of those that go so that `byteCount` bytes and `count` places become free; `nil` when all together are
    /// not enough. Idle ones go before any that is used, the least valuable first, and no more than it takes.
    static func victims(_ candidates: [Candidate], byteCount: Int64, count: Int) -> [String]? {
        let order = candidates.sorted { a, b in
            if a.isInUse != b.isInUse { return !a.isInUse }
            return (a.value, a.key) < (b.value, b.key)
        }
        var chosen: [Candidate] = []
        func isEnough(_ chosen: [Candidate]) -> Bool {
            chosen.count >= count && chosen.reduce(0) { $0 + $1.byteCount } >= byteCount
        }
        for candidate in order {
            if isEnough(chosen) { break }
            chosen.append(candidate)
        }
        guard isEnough(chosen) else { return nil }
        // A large one that was taken late may have made small ones before it needless.
        for candidate in chosen.reversed() {
            let rest = chosen.filter { $0 != candidate }
            if isEnough(rest) { chosen = rest }
        }
        return chosen.map(\.key)
    }
}

/// How many connections to use: doubles while the rate rises with them, goes back a step when it does not, halves when
/// the server objects or the rate collapses. A value: no clock, no network.
struct ConnectionGovernor: Sendable, Equatable {
    let maximum: Int
    /// How many connections may be busy.
    private(set) var target: Int
    private var ceiling: Int
    private var previousTarget: Int
    /// The best rate of the level below the present one.
    private var baseline = 0.0
    private var samples: [Double] = []
    private var isSettled = false
    /// Samples since the target grew, until the new connections carry bytes: what they bring shows only then.
    private var growthAge: Int? = 0
    private var windowsSinceSettled = 0
    private var poorWindows = 0
    private var lastHalving: Duration?

    /// Samples that make one decision.
    private static let window = 2
    /// Samples after which connections that do not open are no longer waited for.
    private static let patience = 30
    /// Windows after which growth is tried again.
    private static let rest = 40
    /// Windows at less than half the rate that count as a collapse.
    private static let collapse = 8

    init(initial: Int, maximum: Int) {
        self.maximum = max(1, maximum)
        target = min(max(1, initial), self.maximum)
        previousTarget = target
        ceiling = self.maximum
    }

    /// Whether it will decide soon, so that samples should come often.
    var isGrowing: Bool { !isSettled }

    /// Takes the rate of the last moment, in bytes per second, and how many connections carry bytes.
    mutating func observe(_ bytesPerSecond: Double, activeCount: Int) {
        if let age = growthAge {
            // The first sample with all of them saw some of them begin.
            growthAge = activeCount >= target || age >= Self.patience ? nil : age + 1
            return
        }
        samples.append(bytesPerSecond)
        guard samples.count >= Self.window else { return }
        let rate = samples.reduce(0, +) / Double(samples.count)
        samples = []
        guard rate > 0 else { return }
        if isSettled { settled(rate) } else { growing(rate) }
    }

    /// The server refused a request because there were too many. At most one halving a second: connections are refused
    /// together.
    mutating func askedForLess(now: Duration) {
        if let lastHalving, now - lastHalving < .seconds(1) { return }
        lastHalving = now
        halve()
        ceiling = target
    }

    private mutating func growing(_ rate: Double) {
        if rate > baseline * 1.1, target < ceiling {
            baseline = rate
            grow()
        } else {
            if rate <= baseline * 1.1 { target = min(ceiling, previousTarget) }
            settle(at: max(rate, baseline))
        }
    }

    private mutating func settled(_ rate: Double) {
        windowsSinceSettled += 1
        poorWindows = rate < baseline / 2 ? poorWindows + 1 : 0
        if poorWindows >= Self.collapse {
            halve()
            settle(at: rate)
        } else if windowsSinceSettled >= Self.rest {
            ceiling = min(maximum, ceiling * 2)
            baseline = rate
            isSettled = false
            if target < ceiling { grow() }
        }
    }

    private mutating func grow() {
        previousTarget = target
        target = min(ceiling, target * 2)
        growthAge = 0
    }

    private mutating func settle(at rate: Double) {
        baseline = rate
        isSettled = true
        windowsSinceSettled = 0
        poorWindows = 0
    }

    private mutating func halve() {
        target = max(1, target / 2)
        previousTarget = target
        settle(at: baseline)
    }
}

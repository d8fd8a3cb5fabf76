/// A change of a machine's health.
public enum HealthEvent: Sendable, Hashable, Codable {
    /// A warning that was not there before, or that has become worse.
    case began(HealthWarning)
    /// A warning that no longer holds.
    case ended(HealthWarning)
}

/// Makes events of samples: a warning is told once, and is over when several samples in a row were without it.
public struct HealthTracker: Sendable {
    /// Samples without a warning that end it.
    private static let calmSampleCount = 3
    /// Slow changes are seen over this many samples.
    private static let windowLength = 12

    private var window: [MachineSample] = []
    private var current: [HealthWarning.Key: (warning: HealthWarning, calmCount: Int)] = [:]

    /// A tracker that has seen nothing yet.
    public init() {}

    /// What holds now, in a fixed order.
    public var warnings: [HealthWarning] { current.sorted { $0.key < $1.key }.map(\.value.warning) }

    /// Takes a sample in, and says what has changed by it.
    public mutating func take(_ sample: MachineSample) -> [HealthEvent] {
        let found = HealthRules(sample: sample, before: window.first).warnings
        window.append(sample)
        if window.count > Self.windowLength { window.removeFirst() }
        var events: [HealthEvent] = []
        for warning in found {
            let known = current[warning.key]?.warning
            if known == nil || (known?.severity == .notice && warning.severity == .problem) {
                events.append(.began(warning))
            }
            current[warning.key] = (warning, 0)
        }
        let keys = Set(found.map(\.key))
        for (key, entry) in current.sorted(by: { $0.key < $1.key }) where !keys.contains(key) {
            if entry.calmCount + 1 >= Self.calmSampleCount {
                current[key] = nil
                events.append(.ended(entry.warning))
            } else {
                current[key]?.calmCount += 1
            }
        }
        return events
    }
}

extension Machine {
    /// What is wrong with this machine now. Two samples are compared, `interval` apart.
    ///
    /// - Parameter diskPaths: folders whose file systems are looked at.
    public static func healthWarnings(
        diskPaths: [String], interval: Duration = .milliseconds(500)
    ) async -> [HealthWarning] {
        var tracker = HealthTracker()
        var count = 0
        for await sample in samples(every: interval, diskPaths: diskPaths) {
            _ = tracker.take(sample)
            count += 1
            if count == 2 { break }
        }
        return tracker.warnings
    }

    /// Changes of this machine's health, until the iteration ends.
    ///
    /// - Parameters:
    ///   - interval: the time between two looks, at least 100 ms.
    ///   - diskPaths: folders whose file systems are looked at.
    public static func healthEvents(
        every interval: Duration = .seconds(10), diskPaths: [String]
    ) -> AsyncStream<HealthEvent> {
        AsyncStream(bufferingPolicy: .bufferingNewest(64)) { continuation in
            let task = Task {
                var tracker = HealthTracker()
                for await sample in samples(every: interval, diskPaths: diskPaths) {
                    for event in tracker.take(sample) { continuation.yield(event) }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

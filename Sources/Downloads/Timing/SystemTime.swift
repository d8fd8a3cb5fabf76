import Foundation

/// The system's clock.
public struct SystemTime: DownloadTime {
    private static let start = ContinuousClock.now

    /// The system's clock.
    public init() {}

    /// Time since the first use of this clock in the process.
    public func now() -> Duration { Self.start.duration(to: .now) }

    /// The calendar's time.
    public func date() -> Date { Date() }

    /// Waits by the system's clock.
    public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

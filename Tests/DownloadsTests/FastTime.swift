import Downloads
import Foundation

/// A clock that runs faster than the world, so that minutes of waiting pass in a test's milliseconds.
struct FastTime: DownloadTime {
    private let factor: Int
    private let start = ContinuousClock.now

    init(factor: Int = 40) { self.factor = factor }

    func now() -> Duration { start.duration(to: .now) * factor }
    func date() -> Date { Date() }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration / factor) }
}

import Foundation

/// The clock that downloads wait by. A protocol, so that tests let minutes of waiting pass in milliseconds.
public protocol DownloadTime: Sendable {
    /// Time since some fixed moment; never goes back.
    func now() -> Duration
    /// The calendar's time, for dates that servers write.
    func date() -> Date
    /// Waits. Throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

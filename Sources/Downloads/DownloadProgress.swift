/// How far a download is.
public struct DownloadProgress: Hashable, Sendable {
    /// What a download is doing.
    public enum State: String, Hashable, Sendable, Codable {
        /// Waits for its turn.
        case queued
        /// Bytes arrive, here or in another process that fetches the same content.
        case downloading
        /// Stopped by the user; what has landed is kept.
        case paused
        /// Every byte has landed; the last of them are being read back.
        case verifying
        /// The file is in its place.
        case completed
        /// It ended without the file.
        case failed
    }

    /// What the download is doing.
    public var state: State
    /// Bytes that have arrived; never goes back, also when some must be fetched again.
    public var completedByteCount: Int64
    /// The size of the file in bytes; `nil` until it is known.
    public var totalByteCount: Int64?
    /// Bytes read back from the disk and hashed.
    public var verifiedByteCount: Int64
    /// A moving average over the last seconds, in bytes per second.
    public var bytesPerSecond: Double
    /// Connections that carry bytes now.
    public var connectionCount: Int

    /// How long it will take at the present rate; `nil` while that is not known.
    public var timeRemaining: Duration? {
        guard let totalByteCount, bytesPerSecond >= 1, state == .downloading else { return nil }
        return .seconds(Double(max(0, totalByteCount - completedByteCount)) / bytesPerSecond)
    }
}

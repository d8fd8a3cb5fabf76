import Foundation

/// A moving average of a rate over about three seconds. A value.
struct RateMeter: Sendable {
    private(set) var bytesPerSecond = 0.0
    /// The rate of the last moment alone.
    private(set) var latest = 0.0
    private var last: (byteCount: Int64, at: Duration)?
    private var elapsed = 0.0

    /// Takes a total that only grows.
    mutating func observe(_ byteCount: Int64, at now: Duration) {
        defer { last = (byteCount, now) }
        guard let last, now > last.at else { return }
        let seconds = (now - last.at).inSeconds
        latest = Double(max(0, byteCount - last.byteCount)) / seconds
        elapsed += seconds
        // While the average is young, every sample weighs as much as the time it covers.
        let weight = max(1 - exp(-seconds / 3), min(1, seconds / elapsed))
        bytesPerSecond += (latest - bytesPerSecond) * weight
    }
}

/// Tells any number of listeners how far a download is; its counts never go back.
final class ProgressFeed: Sendable {
    private let broadcast: ProgressBroadcast<DownloadProgress>

    init(totalByteCount: Int64?) {
        broadcast = ProgressBroadcast(
            DownloadProgress(
                state: .queued, completedByteCount: 0, totalByteCount: totalByteCount, verifiedByteCount: 0,
                bytesPerSecond: 0, connectionCount: 0))
    }

    var last: DownloadProgress { broadcast.value }

    /// A sequence that begins with the present state and ends with the download.
    func listen() -> AsyncStream<DownloadProgress> { broadcast.listen() }

    /// Changes what is told; the counts are kept from going back.
    func update(_ change: (inout DownloadProgress) -> Void) {
        broadcast.update { Self.apply(change, to: &$0) }
    }

    /// Tells the last state and ends every sequence.
    func finish(_ end: DownloadProgress.State) {
        broadcast.finish { progress in
            Self.apply(
                {
                    $0.state = end
                    $0.bytesPerSecond = 0
                    $0.connectionCount = 0
                    if end == .completed, let total = $0.totalByteCount {
                        $0.completedByteCount = total
                        $0.verifiedByteCount = total
                    }
                }, to: &progress)
        }
    }

    private static func apply(_ change: (inout DownloadProgress) -> Void, to progress: inout DownloadProgress) {
        let before = progress
        change(&progress)
        progress.completedByteCount = max(progress.completedByteCount, before.completedByteCount)
        progress.verifiedByteCount = max(progress.verifiedByteCount, before.verifiedByteCount)
    }
}

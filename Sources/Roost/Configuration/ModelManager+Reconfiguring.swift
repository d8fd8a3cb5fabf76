import Synchronization
import Workers

/// What of a manager's configuration may change while it works.
struct LiveSettings: Sendable {
    /// How long an unused model stays in memory.
    var keepAlive: KeepAlive

    init(_ configuration: RoostConfiguration) { keepAlive = configuration.keepAlive }
}

extension ModelManager {
    /// Takes from another configuration what may change while models run: ``RoostConfiguration/keepAlive`` (for requests
    /// from now on), ``RoostConfiguration/maximumLoadedModels`` and the bandwidth of downloads.
    ///
    /// - Throws: `DownloadError.shutDown`.
    public nonisolated func reconfigure(by new: RoostConfiguration) async throws {
        live.withLock { $0 = LiveSettings(new) }
        await residency.setMaximumModelCount(new.maximumLoadedModels)
        try await setBandwidthLimit(new.downloads.bandwidthLimit)
    }
}

import Downloads
import Foundation
import ModelHubs
import ModelStore

/// Everything that a manager needs for downloads, made when it is first asked for: a program that only runs models
/// opens no connection and reads no token.
actor ModelDownloader {
    private let configuration: RoostConfiguration
    private let store: ModelStore
    nonisolated let ledger: DownloadLedger
    private var clients: ClientSet?
    private var sources: Task<ModelSources, any Error>?
    private var downloader: Downloader?
    private var running: [String: ModelDownload] = [:]
    private var isShutDown = false

    init(configuration: RoostConfiguration, store: ModelStore) async {
        self.configuration = configuration
        self.store = store
        // A folder whose disk is not mounted has nothing that could be cleaned up now.
        let partial = try? await store.intake(byteCount: 0).partial
        ledger = DownloadLedger(
            folder: configuration.homeDirectory.appendingPathComponent("downloads"),
            partialFolders: [partial].compactMap { $0 })
    }

    /// The hubs and the catalog.
    ///
    /// - Throws: `ModelHubError`; what was wrong can be put right, so the next call tries again.
    func modelSources() async throws -> ModelSources {
        let task =
            sources
            ?? Task { [configuration] in
                try await ModelSources(configuration: configuration, clients: httpClients())
            }
        sources = task
        do {
            return try await task.value
        } catch {
            sources = nil
            throw error
        }
    }

    func planner() async throws -> DownloadPlanner {
        DownloadPlanner(sources: try await modelSources(), store: store)
    }

    /// Begins a download, or gives the one of the same name that runs in this process.
    func download(_ text: String, _ options: DownloadOptions) async throws -> ModelDownload {
        let key = text + "\n" + (options.name ?? "")
        let planner = try await planner()
        // From the look to the entry nothing is waited for: two that ask at once share the work.
        if let download = running[key], !download.isOver { return download }
        guard !isShutDown else { throw DownloadError.shutDown }
        let job = ModelDownloadJob(
            text: text, options: options, planner: planner, downloader: try files(), ledger: ledger, store: store)
        let download = ModelDownload(reference: text) { try await job.run($0) }
        running = running.filter { !$0.value.isOver }
        running[key] = download
        await download.start()
        return download
    }

    func setBandwidthLimit(_ bytesPerSecond: Int64?) throws {
        try files().bandwidthLimit = bytesPerSecond
    }

    /// Stops what runs, so that the next server goes on with it, and closes the connections.
    func shutdown() async {
        isShutDown = true
        await withTaskGroup { group in
            for download in running.values { group.addTask { await download.shutDown() } }
        }
        await downloader?.shutdown()
        await clients?.shutdown()
    }

    private func files() throws -> Downloader {
        guard !isShutDown else { throw DownloadError.shutDown }
        if let downloader { return downloader }
        let made = Downloader(configuration: configuration.downloaderConfiguration)
        downloader = made
        return made
    }

    private func httpClients() -> ClientSet {
        if let clients { return clients }
        let made = ClientSet(configuration.downloaderConfiguration)
        clients = made
        return made
    }
}

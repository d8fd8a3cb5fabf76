public import Downloads
import Foundation
public import ModelHubs
public import ModelStore

extension ModelManager {
    // MARK: Finding

    /// The models chosen by hand that pass a filter, the person's own catalogs first.
    ///
    /// - Throws: `ModelHubError` when a catalog cannot be read.
    public nonisolated func availableModels(_ filter: CatalogFilter = CatalogFilter()) async throws -> [CatalogEntry] {
        try await modelSources().catalog.entries(matching: filter)
    }

    /// Looks for models on the Hugging Face Hub.
    ///
    /// - Throws: `ModelHubError`.
    public nonisolated func search(_ query: ModelSearch) async throws -> SearchPage {
        guard let hub = try await modelSources().hub(.huggingFace) else {
            throw ModelHubError.searchUnsupported(hub: "This Roost")
        }
        return try await hub.search(query)
    }

    /// What a name stands for.
    ///
    /// - Throws: `ModelHubError`.
    public nonisolated func resolve(
        _ name: String, options: DownloadOptions = DownloadOptions()
    ) async throws -> ResolvedModel {
        try await modelSources().finder.resolve(name, options: options.resolveOptions)
    }

    // MARK: Downloading

    /// What a download would do; no weights are fetched.
    ///
    /// - Throws: `ModelHubError`, `ModelStoreError`.
    public nonisolated func downloadPlan(
        _ name: String, options: DownloadOptions = DownloadOptions()
    ) async throws -> DownloadPlan {
        try await downloader.planner().plan(name, options)
    }

    /// Begins to bring a model into the store: `gemma3`, `hf.co/user/repo:Q4_K_M`, `ollama.com/library/x:tag`, an
    /// address, a path. What an earlier run left is gone on with; what is here already, in the store or in another
    /// program's folder, is not fetched.
    ///
    /// ```swift
    /// let download = try await roost.download("gemma3")
    /// for await progress in download.progress { print(progress.completedByteCount, progress.state) }
    /// let model = try await download.value()
    /// ```
    ///
    /// - Throws: `ModelHubError` and `RoostError` for settings that cannot be used; what goes wrong later is thrown by
    ///   the download's ``ModelDownload/value()``.
    public nonisolated func download(
        _ name: String, options: DownloadOptions = DownloadOptions()
    ) async throws -> ModelDownload {
        try await downloader.download(name, options)
    }

    /// The downloads of all processes on this home directory that are not over, the oldest first.
    ///
    /// - Throws: `DownloadError` when their folder cannot be read.
    public nonisolated func downloads() async throws -> [LedgerItem] {
        try await OffPool.run { [ledger = downloader.ledger] in try ledger.tickets() }
    }

    /// Pauses, resumes, cancels or limits a download of any process, by its model's name or its number.
    ///
    /// - Throws: `RoostError.noDownload`; `DownloadError`.
    @discardableResult
    public nonisolated func send(_ command: DownloadCommand, toDownload name: String) async throws
        -> DownloadCommand.Delivery
    {
        let items = try await downloads()
        guard let item = items.first(where: { $0.answers(to: name) }) else {
            throw RoostError.noDownload(name: name, running: items.map(\.ticket.name))
        }
        return try await OffPool.run { [ledger = downloader.ledger] in try ledger.send(command, to: item.ticket.id) }
    }

    /// Bytes per second of all downloads of this process together; `nil` is no limit.
    ///
    /// - Throws: `DownloadError.shutDown`.
    public nonisolated func setBandwidthLimit(_ bytesPerSecond: Int64?) async throws {
        try await downloader.setBandwidthLimit(bytesPerSecond)
    }

    /// Goes on with downloads that no process works on: the one that is named, or all that were interrupted.
    ///
    /// - Parameter includingPaused: goes on also with those that were paused or failed.
    /// - Throws: `RoostError.noDownload`, `ModelHubError`, `DownloadError`.
    public nonisolated func resumeDownloads(
        named name: String? = nil, includingPaused: Bool = false
    ) async throws -> [ModelDownload] {
        let items = try await downloads()
        if let name, !items.contains(where: { $0.answers(to: name) }) {
            throw RoostError.noDownload(name: name, running: items.map(\.ticket.name))
        }
        var resumed: [ModelDownload] = []
        for item in items where !item.isRunning {
            let ticket = item.ticket
            let isWanted = includingPaused || item.isInterrupted || ticket.state == .queued
            guard name.map(item.answers(to:)) ?? isWanted else { continue }
            resumed.append(
                try await downloader.download(
                    ticket.reference,
                    DownloadOptions(
                        ticketFields: ticket.options, priority: ticket.priority, bandwidthLimit: ticket.bandwidthLimit))
            )
        }
        return resumed
    }

    /// What no model needs and no unfinished download goes on with.
    ///
    /// - Throws: `ModelStoreError`; `DownloadError` when the downloads' folder cannot be read.
    public nonisolated func prunePlan(_ options: PruneOptions = PruneOptions()) async throws -> PrunePlan {
        var options = options
        let files = try await downloads().flatMap(\.ticket.files)
        // Parts of a file whose content nobody pinned cannot be told from others': then all are kept.
        if files.allSatisfy({ $0.digest != nil }) { options.keptDownloads = Set(files.compactMap(\.digest)) }
        return try await store.prunePlan(options)
    }

    // MARK: Staying up to date

    /// Whether the source of a model has another content now.
    ///
    /// - Throws: `ModelStoreError`, `ModelHubError`; `RoostError.noSource` for a model that came from a file.
    public nonisolated func checkForUpdate(of name: String) async throws -> StoredModelUpdate {
        let record = try await model(named: name)
        guard let provenance = record.provenance,
            ![HubIdentifier.local.rawValue, Provenance.created].contains(provenance.hub)
        else {
            throw RoostError.noSource(model: record.name.display)
        }
        let update = try await modelSources().finder.latest(
            of: provenance.reference, revision: provenance.revision,
            files: record.files.map { KeptFile(path: $0.name, digest: $0.digest) })
        return StoredModelUpdate(record: record, update: update)
    }

    // MARK: Other programs

    /// The models that Ollama, LM Studio, Jan, Hugging Face's tools and llama.cpp keep on this machine.
    ///
    /// - Throws: `CancellationError`.
    public nonisolated func discover() async throws -> DiscoveryReport {
        try await modelSources().discovery.run()
    }

    /// Takes another program's model into the store. Its files are linked, not copied, so that it costs no disk space
    /// and stays when the other program removes it.
    ///
    /// - Parameter copying: copies where files cannot be linked, for they are on another file system.
    /// - Throws: `ModelStoreError`.
    public nonisolated func adopt(
        _ model: DiscoveredModel, as name: String? = nil, copying: Bool = false,
        progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> ModelRecord {
        let incoming = model.incomingModel(named: try ModelName(parsing: name ?? model.storeName))
        return try await store.register(
            incoming, replacing: false, linking: copying ? .automatic : .linkOnly, progress: progress)
    }

    /// The programs of this machine that serve models, and whether they answer.
    ///
    /// - Throws: `ModelHubError.invalidSetting` for an address in the environment that is none.
    public nonisolated func providers() async throws -> [ProviderStatus] {
        try await modelSources().providers.statuses()
    }

    private nonisolated func modelSources() async throws -> ModelSources { try await downloader.modelSources() }
}

extension LedgerItem {
    /// Whether a text means it: its model's name, with or without the tag, what was asked for, or its number or the
    /// first six digits of that.
    public func answers(to text: String) -> Bool {
        ticket.id == text || text.count == 6 && ticket.id.hasPrefix(text) || ticket.reference == text
            || ModelName(ticket.name) == ModelName(text) && ModelName(text) != nil
    }
}

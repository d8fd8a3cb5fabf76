public import Foundation
public import Inference
import ModelHubs
public import ModelStore
import RemoteEngines
import Synchronization
public import Workers

/// Everything that an app can ask of Roost: the models on disk, the models in memory, and their answers.
///
/// ```swift
/// let roost = try await ModelManager()
/// print(try await roost.generate("The capital of France is", model: "gemma3").text)
/// ```
///
/// Several processes may use the same home directory at once. Names are read as Ollama reads them: `gemma3` is
/// `gemma3:latest`. Where a model may be left out, the active one is taken.
public actor ModelManager {
    /// What it was made with.
    public nonisolated let configuration: RoostConfiguration
    /// The models on disk.
    public nonisolated let store: ModelStore
    nonisolated let downloader: ModelDownloader
    let residency: ModelResidency
    /// What of the configuration may change.
    nonisolated let live: Mutex<LiveSettings>
    private nonisolated let broadcast: EventBroadcast
    nonisolated let router: EngineRouter
    nonisolated let speeds: SpeedHistory
    nonisolated let tunings: TuningLookup
    nonisolated let planner: ModelLoadPlanner
    nonisolated let historyDoor: HistoryDoor

    /// Opens the home directory, which is made if it is missing.
    ///
    /// - Parameters:
    ///   - configuration: `nil` reads it from the environment and `config.toml`.
    ///   - launcher: how models come into memory; `nil` is what the configuration says.
    ///   - pressure: tells when the machine runs out of memory; idle models go then.
    /// - Throws: `ModelStoreError`; `RoostError.invalidSetting` for an environment variable that cannot be read.
    public init(
        configuration: RoostConfiguration? = nil, launcher: (any ModelLauncher)? = nil,
        pressure: any MemoryPressure = SystemMemoryPressure.standard()
    ) async throws {
        let configuration = try configuration ?? .fromEnvironment()
        self.configuration = configuration
        live = Mutex(LiveSettings(configuration))
        store = try await ModelStore(
            root: configuration.homeDirectory, modelFolders: configuration.modelFolders)
        historyDoor = HistoryDoor(folder: configuration.homeDirectory)
        tunings = TuningLookup(store: store)
        downloader = await ModelDownloader(configuration: configuration, store: store)
        let broadcast = EventBroadcast(diskPaths: [configuration.homeDirectory.path])
        self.broadcast = broadcast
        var watching = EngineRouter.Options()
        watching.userAgent = configuration.userAgent
        router = EngineRouter(configuration.engines, options: watching) { broadcast.tell(.engine($0)) }
        speeds = SpeedHistory(store: store, tunings: tunings, broadcast: broadcast)
        let planner = ModelLoadPlanner(configuration: configuration, store: store, tunings: tunings) {
            [downloader] name in await downloader.alternatives(to: name)
        }
        self.planner = planner
        residency = ModelResidency(
            launcher: launcher ?? configuration.launcher, budget: MemoryBudget(configuration.memoryLimit),
            planner: planner, pressure: pressure, maximumModelCount: configuration.maximumLoadedModels,
            onRetreat: { broadcast.tell(.loadRetreat(model: $0, $1)) })
    }

    /// What happens from now on: the machine's health, and what models had to be loaded with less than was wished. Ends
    /// with ``shutdown()``; one who reads slowly loses the oldest events.
    public nonisolated func events() -> AsyncStream<RoostEvent> { broadcast.listen() }

    // MARK: Models on disk

    /// The models in the store, by name.
    public nonisolated func downloadedModels() async throws -> [ModelRecord] { try await store.models() }

    /// One model of the store, by its name or by what it was pulled as (`user/repo` for `hf.co/user/repo:Q4_K_M`); `nil`
    /// is the active one.
    ///
    /// - Throws: `ModelStoreError.notFound`, `.invalidName`; `RoostError.noActiveModel`.
    public nonisolated func model(named name: String?) async throws -> ModelRecord {
        if let name {
            do {
                return try await store.model(named: ModelName(parsing: name))
            } catch let error as ModelStoreError {
                if let record = try await record(pulledAs: name) { return record }
                throw error
            }
        }
        guard let active = try await store.activeModel() else { throw RoostError.noActiveModel }
        return active
    }

    /// Takes a GGUF file into the store; its name is made from the file's when `name` is `nil`.
    ///
    /// - Parameters:
    ///   - linking: whether the file's bytes may be shared with the store, or must be copied.
    ///   - replacing: lets the name go from other content that it refers to; without it that is an error.
    /// - Throws: `ModelStoreError`.
    public nonisolated func importModel(
        at file: URL, as name: String? = nil, linking: ImportLinking = .automatic, replacing: Bool = false,
        progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> ModelRecord {
        try await store.importFile(
            at: file, as: try name.map { try ModelName(parsing: $0) }, linking: linking, replacing: replacing,
            progress: progress)
    }

    /// Removes a name, and the weights when no other name refers to them; running requests on those end.
    ///
    /// - Throws: `ModelStoreError`.
    @discardableResult
    public func delete(_ name: String) async throws -> RemovalResult {
        let name = try ModelName(parsing: name)
        let loaded = try await store.model(named: name).loadedIdentity
        let result = try await store.remove(name)
        // Other names may still refer to the same files.
        let isUsed = try await store.models().contains { $0.loadedIdentity == loaded }
        if !isUsed { await residency.unload(loaded.description, force: true) }
        return result
    }

    /// Gives a model a second name; the weights are shared.
    ///
    /// - Throws: `ModelStoreError`.
    @discardableResult
    public nonisolated func copy(_ name: String, to newName: String) async throws -> ModelRecord {
        try await store.copy(ModelName(parsing: name), to: ModelName(parsing: newName))
    }

    /// Renames a model.
    ///
    /// - Throws: `ModelStoreError`.
    @discardableResult
    public nonisolated func rename(_ name: String, to newName: String) async throws -> ModelRecord {
        try await store.rename(ModelName(parsing: name), to: ModelName(parsing: newName))
    }

    /// Reads the whole file again and compares its SHA-256 with the digest.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func verify(
        _ name: String, progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws -> VerificationResult {
        try await store.verify(ModelName(parsing: name), progress: progress)
    }

    /// The file of a model. It is the store's: read it, do not change it.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func path(of name: String) async throws -> URL {
        try await store.location(of: ModelName(parsing: name))
    }

    /// Chooses the model that is taken when none is named; `nil` chooses none.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func setActive(_ name: String?) async throws {
        try await store.setActive(try name.map { try ModelName(parsing: $0) })
    }

    /// The model that is taken when none is named.
    public nonisolated func activeModel() async throws -> ModelRecord? { try await store.activeModel() }

    // MARK: Models in memory

    /// Loads a model, if it is not in memory, and starts its keep-alive anew.
    ///
    /// - Parameters:
    ///   - options: how to load it; `nil` takes it as it is, or loads it by the configuration. A model that is loaded
    ///     with other options is loaded again when its running requests have ended.
    ///   - keepAlive: how long it stays after its last request; `nil` is the configuration's.
    ///   - pinning: `true` keeps it until it is unloaded or unpinned, whatever its keep-alive and however scarce memory
    ///     is; `false` ends that; `nil` leaves it as it is.
    /// - Throws: `ModelStoreError`, `InferenceError`, `CancellationError`.
    @discardableResult
    public nonisolated func load(
        _ name: String? = nil, options: LoadOptions? = nil, keepAlive: KeepAlive? = nil, pinning: Bool? = nil,
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws -> any RunningModel {
        try await refuseRemote(name, "loaded")
        return try await residency.load(request(name, options, keepAlive), pinning: pinning, progress: progress)
    }

    /// Loads the models of ``RoostConfiguration/pinnedModels`` and pins them.
    ///
    /// - Returns: those that could not be loaded, and why.
    public nonisolated func loadPinnedModels() async -> [(name: String, error: any Error)] {
        var failures: [(String, any Error)] = []
        for name in configuration.pinnedModels {
            do {
                try await load(name, pinning: true)
            } catch {
                failures.append((name, error))
            }
        }
        return failures
    }

    /// Lets a pinned model go again as any other: its keep-alive begins now. False when it was not pinned.
    ///
    /// - Throws: `ModelStoreError` for a name that the store does not have.
    @discardableResult
    public nonisolated func unpin(_ name: String) async throws -> Bool {
        try await refuseRemote(name, "unpinned")
        return await residency.unpin(try await model(named: name).loadedIdentity.description)
    }

    /// Runs `body` with the model loaded; it stays in memory at least until `body` returns. A model that the store does
    /// not have and an engine beside this Roost has is that engine's; `engine/model` means it in any case. How it is
    /// loaded and kept is the engine's own business then.
    ///
    /// - Throws: `ModelStoreError`, `InferenceError`, `RemoteEngineError`, `CancellationError`, or what `body` throws.
    public nonisolated func withModel<R: Sendable>(
        _ name: String? = nil, options: LoadOptions? = nil, keepAlive: KeepAlive? = nil,
        progress: (@Sendable (Double) -> Void)? = nil, _ body: @Sendable (any RunningModel) async throws -> R
    ) async throws -> R {
        if let remote = try await remoteModel(named: name) { return try await body(remote) }
        return try await residency.withModel(request(name, options, keepAlive), progress: progress, body)
    }

    /// Lets a model go when its running requests have ended, at once with `force`; returns when its memory is free.
    /// False when it was not in memory.
    ///
    /// - Throws: `ModelStoreError` for a name that the store does not have.
    @discardableResult
    public nonisolated func unload(_ name: String, force: Bool = false) async throws -> Bool {
        try await refuseRemote(name, "unloaded")
        return await residency.unload(try await model(named: name).loadedIdentity.description, force: force)
    }

    /// The models in memory now.
    public nonisolated func loadedModels() async throws -> [LoadedModelStatus] {
        let residents = await residency.residents()
        guard !residents.isEmpty else { return [] }
        let records = try await store.models()
        return residents.compactMap { resident in
            let named = records.filter { $0.loadedIdentity.description == resident.key }
            guard let record = named.first(where: { $0.name.description == resident.name }) ?? named.first else {
                return nil
            }
            return LoadedModelStatus(record: record, resident: resident)
        }
    }

    /// Stops running downloads: what has landed is kept, and the next server goes on with them. None can be begun after
    /// it; whoever waits for one gets `DownloadError.shutDown`.
    public nonisolated func shutdownDownloads() async { await downloader.shutdown() }

    /// Ends running requests, frees all models and stops running downloads. Nothing can be begun after it.
    public nonisolated func shutdown() async {
        await shutdownDownloads()
        await router.close()
        await residency.close()
        broadcast.finish()
    }

    /// The newest model that was pulled by a text that means the same as this one.
    private nonisolated func record(pulledAs text: String) async throws -> ModelRecord? {
        guard let readings = try? ModelReferenceParser().readings(of: text) else { return nil }
        return try await store.models()
            .filter { record in record.provenance.map { source in readings.contains { source.answers($0) } } ?? false }
            .max { $0.modifiedAt < $1.modifiedAt }
    }

    /// The weights of the model that proposes tokens for `name`; `nil` when none was chosen.
    nonisolated func draft(for name: ModelName) async throws -> URL? {
        guard let chosen = configuration.draftModels.first(where: { (try? ModelName(parsing: $0.key)) == name }) else {
            return nil
        }
        return try await store.locations(of: try await model(named: chosen.value).name).weights.first
    }

    private nonisolated func request(
        _ name: String?, _ options: LoadOptions?, _ keepAlive: KeepAlive?
    ) async throws -> ModelRequest {
        let record = try await model(named: name)
        // Statistics must not hold up an answer, nor fail it.
        Task { [store] in try? await store.recordUse(of: record.name) }
        let locations = try await store.locations(of: record.name)
        var files = ModelFileSet(
            weights: locations.weights, chatTemplate: try await store.templateOverride(among: locations))
        files.projector = locations.projector
        files.adapters = zip(record.files.filter { $0.role == .adapter }, locations.adapters).map {
            ModelFileSet.Adapter(name: $0.name, file: $1)
        }
        files.draft = try await draft(for: record.name)
        let parameters = try await preset(of: record).parameters
        var defaults = configuration.load
        parameters.apply(to: &defaults)
        // A model of other parameters with the same files may be in memory already: then these are a wish.
        return ModelRequest(
            key: record.loadedIdentity.description, name: record.name.description, files: files,
            options: options ?? (parameters.choosesLoading ? defaults : nil), defaultOptions: defaults,
            keepAlive: keepAlive ?? live.withLock { $0.keepAlive })
    }
}

extension Provenance {
    /// Whether a model that came from here is what a reference means: the same text, or any file of the repository when
    /// the reference leaves the choice open.
    fileprivate func answers(_ wanted: ModelReference) -> Bool {
        // What was made of it is another model.
        if hub == Provenance.created { return false }
        if reference == wanted.description { return true }
        guard case .huggingFace(let wanted) = wanted, wanted.selection == .automatic, wanted.revision == nil else {
            return false
        }
        return hub == HubIdentifier.huggingFace.rawValue && repository == wanted.repository.description
    }
}

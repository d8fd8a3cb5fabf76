import ModelStore
public import RemoteEngines

extension ModelManager {
    /// The models that requests may name: those of the store, then those of engines. An engine's model that has the name
    /// of a stored one is there as `engine/model`, unless that engine goes first.
    ///
    /// - Throws: `ModelStoreError`.
    public nonisolated func servedModels() async throws -> [ServedModel] {
        let stored = try await downloadedModels()
        return stored.map { .stored($0) } + (await remoteModels(besides: stored)).map { .remote($0) }
    }

    /// Whether engines beside this Roost are configured.
    public nonisolated var hasEngines: Bool { !router.engines.isEmpty }

    /// What a request for this name would be computed by; `nil` is the active model.
    ///
    /// - Throws: what ``model(named:)`` throws when neither the store nor an engine has it.
    public nonisolated func servedModel(named name: String?) async throws -> ServedModel {
        if let offer = try await offeredModel(named: name) { return .remote(offer) }
        return .stored(try await model(named: name))
    }

    /// The engine's model that a request for this name would be computed by; `nil` when the store has it, or nobody does.
    ///
    /// - Throws: `ModelStoreError` for a store that cannot be read.
    public nonisolated func offeredModel(named name: String?) async throws -> OfferedModel? {
        guard let remote = try await remoteModel(named: name), var offer = remote.offers.first else { return nil }
        offer.name = remote.name
        return offer
    }

    /// The engines beside this Roost, as they are now.
    ///
    /// - Parameter asking: asks each of them first.
    public nonisolated func engines(asking: Bool = false) async -> [EngineStatus] {
        await router.statuses(asking: asking)
    }

    /// The engine's model that a name means; `nil` when the store has it, or nobody does.
    ///
    /// - Throws: `ModelStoreError` for a store that cannot be read.
    nonisolated func remoteModel(named name: String?) async throws -> RemoteModel? {
        guard hasEngines, let name else { return nil }
        if let preferred = await router.preferredModel(named: name) { return preferred }
        return try await isStored(name) ? nil : await router.model(named: name)
    }

    /// - Throws: `RemoteEngineError.notHere` for an engine's model; `ModelStoreError`.
    nonisolated func refuseRemote(_ name: String?, _ what: String) async throws {
        guard let offer = try await offeredModel(named: name) else { return }
        throw RemoteEngineError.notHere(model: offer.name, engine: offer.engine, what: what)
    }

    private nonisolated func remoteModels(besides stored: [ModelRecord]) async -> [OfferedModel] {
        guard hasEngines else { return [] }
        let names = Set(stored.map(\.name))
        return await router.offeredModels().map { model in
            guard !model.isPreferred, let name = ModelName(model.name), names.contains(name) else { return model }
            var other = model
            other.name = model.fullName
            return other
        }
    }

    private nonisolated func isStored(_ name: String) async throws -> Bool {
        do {
            _ = try await model(named: name)
            return true
        } catch ModelStoreError.notFound, ModelStoreError.invalidName {
            return false
        }
    }
}

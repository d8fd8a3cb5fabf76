import Roost

extension ServerParts {
    /// The models that the caller may use.
    func models(for caller: Caller) async throws -> [ModelRecord] {
        try await manager.downloadedModels().filter { caller.mayUse(model: $0.name) }
    }

    /// The models that the caller may use, those of engines too.
    func servedModels(for caller: Caller) async throws -> [ServedModel] {
        try await manager.servedModels().filter { caller.mayUse(model: $0.name) }
    }

    /// Throws `APIError.modelNotFound`, as if there were no such model, when the caller's key does not allow the one
    /// that `name` means. To be asked before anything tells of the model.
    func requireModel(_ name: String, for context: RoostRequestContext) async throws {
        try await runner.requireModel(name, for: context.caller)
    }

    /// The same for a name under which a model is about to be written: the name itself counts, not a model that is found
    /// by it because it was pulled as that.
    func requireName(_ name: String, for context: RoostRequestContext) throws {
        guard context.caller.mayUse(model: name) else { throw APIError.modelNotFound(name) }
    }
}

extension GenerationRunner {
    /// Throws `APIError.modelNotFound` when the caller may not use the model that `name` means.
    func requireModel(_ name: String, for caller: Caller) async throws {
        guard !caller.models.isEmpty else { return }
        // A name may be what a model was pulled as: what counts is the name that it has here.
        let resolved = try? await manager.servedModel(named: name).name
        guard resolved.map({ caller.mayUse(model: $0) }) ?? caller.mayUse(model: name) else {
            throw APIError.modelNotFound(name)
        }
    }
}

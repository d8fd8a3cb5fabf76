import Hummingbird
import Roost

extension OllamaDialect {
    var modelRoutes: [ServerRoute] {
        [
            .get("/api/tags", .scope(.read)) { _, context in
                if manager.hasEngines {
                    return try WireJSON.response(
                        OllamaTags(models: try await parts.servedModels(for: context.caller).map { .init($0) }))
                }
                return try await parts.remembered.response("/api/tags", for: context) {
                    OllamaTags(models: try await parts.models(for: context.caller).map { .init($0) })
                }
            },
            .get("/api/ps", .scope(.read)) { _, context in
                let models = try await manager.loadedModels().filter { context.caller.mayUse(model: $0.record.name) }
                return try WireJSON.response(OllamaProcesses(models: models.map { .init($0) }))
            },
            .post("/api/show", .scope(.read)) { request, context in
                try await show(reader.decode(OllamaModelRequest.self, from: request), context)
            },
            .post("/api/copy", .scope(.pull)) { request, context in
                try await copy(reader.decode(OllamaCopyRequest.self, from: request), context)
            },
            .delete("/api/delete", .scope(.delete)) { request, context in
                try await delete(reader.decode(OllamaModelRequest.self, from: request), context)
            },
        ]
    }

    private func show(_ request: OllamaModelRequest, _ context: RoostRequestContext) async throws -> Response {
        let name = try request.requiredModel()
        try await parts.requireModel(name, for: context)
        do {
            if let offer = try await manager.offeredModel(named: name) {
                return try WireJSON.response(OllamaRemoteShow(offer))
            }
            let record = try await manager.model(named: name)
            let metadata = try await ModelFileMetadata.read(manager.store.location(of: record.name))
            return try WireJSON.response(
                OllamaShow(
                    record, metadata: metadata, modelfile: try await manager.modelfile(of: record),
                    template: try await manager.store.templateOverride(of: record.name),
                    projector: try await projector(of: record), verbose: request.verbose ?? false))
        } catch {
            throw APIError(error, model: name)
        }
    }

    private func projector(of record: ModelRecord) async throws -> ModelFileMetadata? {
        guard record.files.contains(where: { $0.role == .projector }),
            let url = try await manager.store.locations(of: record.name).projector
        else { return nil }
        return try await ModelFileMetadata.read(url)
    }

    private func copy(_ request: OllamaCopyRequest, _ context: RoostRequestContext) async throws -> Response {
        try await parts.requireModel(request.source, for: context)
        try parts.requireName(request.destination, for: context)
        do {
            _ = try await manager.copy(request.source, to: request.destination)
        } catch let error as ModelStoreError {
            if case .invalidName(request.destination, _) = error {
                throw APIError.invalidRequest(error.description, parameter: "destination")
            }
            throw APIError(error, model: request.source)
        }
        return Response(status: .ok)
    }

    private func delete(_ request: OllamaModelRequest, _ context: RoostRequestContext) async throws -> Response {
        let name = try request.requiredModel()
        try await parts.requireModel(name, for: context)
        do {
            _ = try await manager.delete(name)
        } catch {
            throw APIError(error, model: name)
        }
        return Response(status: .ok)
    }
}

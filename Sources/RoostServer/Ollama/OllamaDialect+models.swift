import Hummingbird
import Roost

extension OllamaDialect {
    var modelRoutes: [ServerRoute] {
        [
            .get("/api/tags", .scope(.read)) { _, _ in
                if manager.hasEngines {
                    return try WireJSON.response(
                        OllamaServedTags(models: try await manager.servedModels().map { .init($0) }))
                }
                return try await parts.remembered.response("/api/tags") {
                    OllamaTags(models: try await manager.downloadedModels().map { .init($0) })
                }
            },
            .get("/api/ps", .scope(.read)) { _, _ in
                try WireJSON.response(OllamaProcesses(models: try await manager.loadedModels().map { .init($0) }))
            },
            .post("/api/show", .scope(.read)) { request, _ in
                try await show(reader.decode(OllamaModelRequest.self, from: request))
            },
            .post("/api/copy", .scope(.pull)) { request, _ in
                try await copy(reader.decode(OllamaCopyRequest.self, from: request))
            },
            .delete("/api/delete", .scope(.delete)) { request, _ in
                try await delete(reader.decode(OllamaModelRequest.self, from: request))
            },
        ]
    }

    private func show(_ request: OllamaModelRequest) async throws -> Response {
        let name = try request.requiredModel()
        do {
            if let offer = try await manager.offeredModel(named: name) {
                return try WireJSON.response(OllamaRemoteShow(offer))
            }
            let record = try await manager.model(named: name)
            let metadata = try await ModelFileMetadata.read(manager.store.location(of: record.name))
            return try WireJSON.response(
                OllamaShow(record, metadata: metadata, verbose: request.verbose ?? false))
        } catch {
            throw APIError(error, model: name)
        }
    }

    private func copy(_ request: OllamaCopyRequest) async throws -> Response {
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

    private func delete(_ request: OllamaModelRequest) async throws -> Response {
        let name = try request.requiredModel()
        do {
            _ = try await manager.delete(name)
        } catch {
            throw APIError(error, model: name)
        }
        return Response(status: .ok)
    }
}

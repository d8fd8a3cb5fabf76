import Foundation
import Hummingbird
import Roost

extension OllamaDialect {
    var createRoutes: [ServerRoute] {
        [
            .post("/api/create", .scope(.pull)) { request, context in
                try await create(reader.decode(OllamaCreateRequest.self, from: request), context)
            }
        ]
    }

    private func create(_ request: OllamaCreateRequest, _ context: RoostRequestContext) async throws -> Response {
        var creation = try request.creation()
        try parts.requireName(creation.name, for: context)
        if case .model(let base) = creation.base { try await parts.requireModel(base, for: context) }
        do {
            // What can be refused is refused with a status, before the first line.
            if case .files = creation.base { creation.base = .files(try await files(request.files, field: "files")) }
            creation.adapters = try await files(request.adapters, field: "adapters")
            for adapter in creation.adapters where adapter.role != .adapter {
                throw ModelCreationError.notAnAdapter(name: adapter.name)
            }
        } catch {
            throw Self.failure(error, base: creation.base)
        }
        return try await progressResponse(stream: request.stream, for: context) { [creation, manager] feed in
            if case .model(let base) = creation.base { try await Self.require(base, manager, feed) }
            feed.tell(OllamaStatus(status: "gathering model components"))
            let record: ModelRecord
            do {
                record = try await manager.create(creation) { progress in
                    guard progress.phase == .copying || progress.phase == .hashing else { return }
                    feed.tell(
                        OllamaStatus(
                            status: "copying files", total: progress.total, completed: progress.completed))
                }
            } catch {
                throw Self.failure(error, base: creation.base)
            }
            for file in record.files { feed.tell(OllamaStatus(status: "using layer \(file.digest)")) }
            feed.tell(OllamaStatus(status: "writing manifest"))
        }
    }

    /// Pulls the base when it is not here, as Ollama does.
    private static func require(_ base: String, _ manager: ModelManager, _ feed: OllamaStatusFeed) async throws {
        do {
            _ = try await manager.model(named: base)
        } catch ModelStoreError.notFound {
            try OllamaPull.requireRemote(base)
            _ = try await OllamaPull(manager: manager, feed: feed).run(base)
        }
    }

    /// Files that were uploaded before, by the digests that the request gives. Throws `APIError`, `ModelCreationError`,
    /// `ModelStoreError`.
    private func files(_ given: [String: String]?, field: String) async throws -> [IncomingFile] {
        let named = try (given ?? [:]).sorted { $0.key < $1.key }.map { name, text in
            guard let digest = Digest(text) else {
                throw APIError.invalidRequest(
                    "\(field) has an invalid digest for \"\(name.prefix(100))\": it must be sha256: and 64 hexadecimal "
                        + "digits in lower case", parameter: field)
            }
            return (name: name, digest: digest)
        }
        return try zip(named, await manager.store.incomingFiles(named)).map { wanted, file in
            guard let file else {
                throw ModelCreationError.missingContent(name: wanted.name, digest: wanted.digest)
            }
            return file
        }
    }

    /// What is wrong with the files is the client's to mend.
    private static func failure(_ error: any Error, base: ModelCreation.Base) -> APIError {
        switch error {
        case ModelStoreError.invalidModel, ModelStoreError.noWeights, ModelStoreError.quarantined,
            ModelStoreError.contentMissing:
            return .invalidRequest("\(error)", parameter: "files")
        default:
            guard case .model(let name) = base else { return APIError(error) }
            return APIError(error, model: name)
        }
    }
}

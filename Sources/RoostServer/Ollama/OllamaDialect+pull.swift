import Hummingbird
import Roost

extension OllamaDialect {
    var pullRoutes: [ServerRoute] {
        [
            .post("/api/pull", .scope(.pull)) { request, context in
                try await pull(reader.decode(OllamaPullRequest.self, from: request), context)
            },
            .post("/api/push", .scope(.pull)) { request, context in
                try await push(reader.decode(OllamaPullRequest.self, from: request), context)
            },
        ]
    }

    private func pull(_ request: OllamaPullRequest, _ context: RoostRequestContext) async throws -> Response {
        let name = try request.requiredModel()
        try OllamaPull.requireRemote(name)
        try await parts.requireModel(name, for: context)
        let warning = "insecure was ignored: what is pulled always comes over https and is checked against its digest."
        return try await progressResponse(
            stream: request.stream, warning: request.insecure ?? false ? warning : nil, for: context
        ) { [manager] feed in
            _ = try await OllamaPull(manager: manager, feed: feed).run(name)
        }
    }

    /// Roost gives models to nobody: the refusal that a registry would give, in a sentence.
    private func push(_ request: OllamaPullRequest, _ context: RoostRequestContext) async throws -> Response {
        let name = try request.requiredModel()
        try await parts.requireModel(name, for: context)
        do {
            _ = try await manager.model(named: name)
        } catch {
            throw APIError(error, model: name)
        }
        throw APIError.invalidRequest(
            "Roost does not push models to a registry; take the files of \"\(name.prefix(255))\" from where \"roost show\" "
                + "says they are, and publish those.", parameter: "model")
    }
}

/// `POST /api/pull`, `POST /api/push`.
struct OllamaPullRequest: Decodable, Sendable {
    var model: String?
    var name: String?
    var insecure: Bool?
    var stream: Bool?

    /// Throws `APIError.invalidRequest` when no model is named.
    func requiredModel() throws -> String {
        try OllamaModelRequest(model: model, name: name, verbose: nil).requiredModel()
    }
}

/// Brings a model into the store and tells of it in Ollama's words.
struct OllamaPull: Sendable {
    let manager: ModelManager
    let feed: OllamaStatusFeed

    /// How often a download that somebody else has just left is begun anew.
    private static let attemptLimit = 4

    /// Throws `APIError`, `CancellationError`.
    func run(_ name: String) async throws -> ModelRecord {
        feed.tell(OllamaStatus(status: "pulling manifest"))
        for _ in 1..<Self.attemptLimit {
            do {
                return try await attempt(name)
            } catch is CancellationError {
                // Not this client went, but the last one of those before, whose download was just ending.
                try Task.checkCancellation()
            }
        }
        return try await attempt(name)
    }

    private func attempt(_ name: String) async throws -> ModelRecord {
        do {
            let download = try await manager.download(name)
            await download.resume()
            async let watching: Void = tell(download)
            let record = try await download.value()
            _ = await watching
            return record
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Self.failure(error)
        }
    }

    /// Says what is new, twenty times a second.
    private func tell(_ download: ModelDownload) async {
        var told: [String: OllamaStatus] = [:]
        func tell(_ line: OllamaStatus) {
            guard told.updateValue(line, forKey: line.status) != line else { return }
            feed.tell(line)
        }
        for await progress in download.progress {
            for file in progress.files where file.state != .queued {
                tell(
                    OllamaStatus(
                        status: "pulling \(file.digest?.short ?? file.name)", digest: file.digest?.description,
                        total: file.totalByteCount, completed: file.completedByteCount))
            }
            if progress.state == .verifying || progress.state == .completed {
                tell(OllamaStatus(status: "verifying sha256 digest"))
            }
            if progress.state == .completed { tell(OllamaStatus(status: "writing manifest")) }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Refuses what is a file of this machine: a client of the network must not have the server read its disk.
    ///
    /// Throws `APIError.invalidRequest`.
    static func requireRemote(_ name: String) throws {
        let readings: [ModelReference]
        do {
            readings = try ModelReferenceParser(fileExists: { _ in false }).readings(of: name)
        } catch {
            throw APIError.invalidRequest("invalid model name", parameter: "model")
        }
        for case .path in readings {
            throw APIError.invalidRequest(
                "invalid model name: a path of the server's disk is not pulled over HTTP; use roost import there",
                parameter: "model")
        }
    }

    /// A download's error as an answer. What no hub has is said in Ollama's words, which clients look for.
    static func failure(_ error: any Error) -> APIError {
        switch error {
        case ModelHubError.unknownModel, ModelHubError.repositoryNotFound, ModelHubError.revisionNotFound,
            ModelHubError.fileNotFound:
            .notFound("pull model manifest: file does not exist")
        case ModelHubError.invalidReference: .invalidRequest("invalid model name", parameter: "model")
        case let error as ModelHubError:
            switch error {
            case .ambiguous, .unsupportedReference, .unsupportedWish, .gated, .noModelFile, .missingShards,
                .fileTooLarge, .notAModelFile, .insecureAddress, .refusedAddress, .refusedRedirect:
                .invalidRequest("pull model manifest: \(error)", parameter: "model")
            default: .failure("pull model manifest: \(error)")
            }
        case RoostError.noSpace: .insufficientStorage("\(error)")
        case DownloadError.noSpace: .insufficientStorage("\(error)")
        case DownloadError.shutDown: .stopping
        default: APIError(error)
        }
    }
}

import Foundation
import Security

/// Ollama's registry, and others that speak its protocol (OCI distribution with Ollama's media types).
///
/// Public models only: the registry's token exchange sends credentials to an address that the answer names, which is
/// how CVE-2025-51471 lost them, so Roost has none.
public struct OllamaRegistry: ModelHub {
    private let transport: HubTransport
    private let endpoint: @Sendable (String) -> String

    /// A registry reached over `transport`.
    ///
    /// - Parameter endpoint: The address for a reference's host: https, and http for hosts that are this machine.
    public init(
        transport: HubTransport, endpoint: @escaping @Sendable (String) -> String = OllamaRegistry.endpoint(forHost:)
    ) {
        self.transport = transport
        self.endpoint = endpoint
    }

    /// `https://host`, or `http://host` for this machine.
    public static func endpoint(forHost host: String) -> String {
        let name = String(host.prefix { $0 != ":" })
        return (NetworkReach(ofHost: name) == .loopback ? "http://" : "https://") + host
    }

    /// ``HubIdentifier/ollama``.
    public var identifier: HubIdentifier { .ollama }

    /// Takes references to Ollama, and names without a place, which are looked up in its library.
    public func handles(_ reference: ModelReference) -> Bool { Self.model(reference) != nil }

    /// Reads the manifest. Its digest is the model's revision, and each layer's digest that of its file.
    public func resolve(_ reference: ModelReference) async throws -> ResolvedModel {
        guard let model = Self.model(reference) else {
            throw ModelHubError.unsupportedReference(text: reference.description, hub: "Ollama's registry")
        }
        let (manifest, digest) = try await manifest(of: model)
        let files = try manifest.parts.enumerated().map { try file($1.role, $1.layer, number: $0, of: model) }
        guard files.contains(where: { $0.role == .model || Self.isShard($0.role) }) else {
            throw ModelHubError.noModelFile(
                repository: model.description,
                found: manifest.hasTensorLayers
                    ? "weights as single tensors" : "no weights; it runs on Ollama's servers")
        }
        let name =
            model.host == OllamaReference.defaultHost && model.namespace == OllamaReference.libraryNamespace
            ? "\(model.model):\(model.tag)" : model.description
        return ResolvedModel(
            reference: reference, hub: identifier, name: name,
            repository: "\(model.namespace)/\(model.model)", revision: digest.description,
            quantization: try await configuration(manifest, of: model)?.fileType, files: files)
    }

    /// Asks the registry where a layer's bytes are now.
    public func locate(_ file: ModelFile, at source: FileSource) async throws -> FileLocation {
        let last = try await transport.locate(source.url, credential: nil)
        guard last.isSuccess || last.isRedirect else {
            throw failure(last, file.path.description)
        }
        let location = FileLocation(
            url: last.isRedirect ? last.target ?? last.url : last.url, digest: file.digest,
            byteCount: last.isSuccess ? last.text(of: "content-length").flatMap { Int64($0) } : nil)
        try location.check(against: file)
        return location
    }

    /// Reads a small layer.
    public func content(of file: ModelFile, upTo limit: Int) async throws -> [UInt8] {
        let response = try await transport.get(try file.firstSource.url, accept: "*/*", upTo: limit, credential: nil)
        guard response.isSuccess else { throw failure(response, file.path.description) }
        let content = [UInt8](response.body)
        try file.check(content)
        return content
    }

    /// What the manifest's configuration says of the weights, and the text of its licence layers.
    public func modelCard(of reference: ModelReference) async throws -> ModelCard {
        let model = try await resolve(reference)
        guard let place = Self.model(reference) else { return ModelCard(reference: reference, hub: identifier) }
        var card = ModelCard(reference: reference, hub: identifier)
        let facts = try await configuration(try await manifest(of: place).decoded, of: place)
        card.architecture = facts?.modelFamily
        card.parameters = facts?.modelType
        if place.host == OllamaReference.defaultHost {
            card.page = "https://ollama.com/\(place.namespace)/\(place.model)"
        }
        var texts: [String] = []
        for file in model.files where file.role == .license {
            guard (file.byteCount ?? 0) <= ModelCard.maximumTextByteCount else { continue }
            texts.append(
                String(decoding: try await content(of: file, upTo: ModelCard.maximumTextByteCount), as: UTF8.self))
        }
        card.licenseText = texts.isEmpty ? nil : texts.joined(separator: "\n\n")
        return card
    }

    // MARK: Requests

    private static func model(_ reference: ModelReference) -> OllamaReference? {
        switch reference {
        case .ollama(let model): model
        case .named(let name): name.libraryModel
        default: nil
        }
    }

    private func manifest(of model: OllamaReference) async throws -> (decoded: OllamaManifest, digest: Digest) {
        let response = try await get(
            "/v2/\(model.namespace)/\(model.model)/manifests/\(model.tag)", of: model,
            accept: "application/vnd.docker.distribution.manifest.v2+json")
        guard response.body.count <= OllamaManifest.maximumByteCount else {
            throw ModelHubError.unexpectedAnswer(location: response.url.shown, reason: "its manifest is too long")
        }
        return (try response.decode(OllamaManifest.self), Digest.of([UInt8](response.body)))
    }

    private func get(_ path: String, of model: OllamaReference, accept: String) async throws -> HubResponse {
        let response = try await transport.get(try url(path, of: model), accept: accept, credential: nil)
        guard response.isSuccess else { throw failure(response, model.description) }
        return response
    }

    private func url(_ path: String, of model: OllamaReference) throws -> URL {
        guard let url = URL(string: endpoint(model.host) + path) else {
            throw ModelHubError.invalidReference(text: model.description, rule: "no address can be made of it")
        }
        return url
    }

    /// The configuration blob, checked against its digest; `nil` when the manifest has none.
    private func configuration(
        _ manifest: OllamaManifest, of model: OllamaReference
    ) async throws -> OllamaModelConfiguration? {
        guard let layer = manifest.config, layer.size <= OllamaManifest.maximumByteCount else { return nil }
        let response = try await get(
            "/v2/\(model.namespace)/\(model.model)/blobs/\(layer.digest)", of: model, accept: "application/json")
        let found = Digest.of([UInt8](response.body))
        guard found == layer.digest else {
            throw ModelHubError.pinMismatch(
                name: model.description + "'s configuration", fact: "SHA-256", expected: layer.digest.hexadecimal,
                found: found.hexadecimal)
        }
        return try response.decode(OllamaModelConfiguration.self)
    }

    private func file(
        _ role: ModelFileRole, _ layer: OllamaManifest.Layer, number: Int, of model: OllamaReference
    ) throws -> ModelFile {
        let url = try url("/v2/\(model.namespace)/\(model.model)/blobs/\(layer.digest)", of: model)
        let name: String
        switch role {
        case .model: name = model.model + ".gguf"
        case .shard(let index, let count):
            // Five digits each, as llama.cpp names the parts.
            name = ShardName(stem: model.model, index: index, count: count).path(ofPart: index)
        case .projector: name = "mmproj-\(model.model)-\(number).gguf"
        case .adapter: name = "adapter-\(number).gguf"
        case .parameters: name = "params-\(number).json"
        case .messages: name = "messages-\(number).json"
        case .template: name = "template-\(number).txt"
        case .system: name = "system-\(number).txt"
        case .license: name = "license-\(number).txt"
        }
        guard let path = RepositoryPath(name) else {
            throw ModelHubError.unexpectedAnswer(location: url.shown, reason: "no file can be named after it")
        }
        return ModelFile(
            role: role, path: path, byteCount: layer.size, digest: layer.digest,
            sources: [FileSource(url: url, hub: .ollama)])
    }

    private static func isShard(_ role: ModelFileRole) -> Bool {
        if case .shard = role { true } else { false }
    }

    private func failure(_ response: HubResponse, _ name: String) -> ModelHubError {
        let host = Origin(response.url)?.place ?? response.url.shown
        let message = (try? response.decode(OllamaRegistryErrors.self))?.errors.first?.message
        let words = message ?? "HTTP \(response.status)"
        switch response.status {
        case 404: return .repositoryNotFound(repository: name, host: host, hasToken: false)
        case 401, 403, 412, 451: return .forbidden(host: host, reason: words)
        case 500...: return .unavailable(host: host, status: response.status)
        default: return .unexpectedAnswer(location: response.url.shown, reason: words)
        }
    }
}

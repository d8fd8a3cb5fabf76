import NIOHTTP1
import Security

/// A layer of a simulated model: its kind (`model`, `template` …) and content.
public struct SimulatedLayer: Sendable {
    /// The last part of `application/vnd.ollama.image.…`.
    public var kind: String
    /// The content.
    public var bytes: [UInt8]

    /// A layer.
    public init(_ kind: String, _ text: String) {
        self.kind = kind
        bytes = [UInt8](text.utf8)
    }

    /// The content's SHA-256.
    public var digest: Digest { Digest.of(bytes) }
}

/// Ollama's registry protocol: manifests and blobs, the blobs on storage of another port.
public struct OllamaSimulator: Sendable {
    /// The registry.
    public let registry: LoopbackServer
    /// The storage, to which signed addresses lead.
    public let storage: LoopbackServer

    /// The configuration blob of every simulated model.
    public static let configuration = #"{"model_format":"gguf","model_family":"llama","file_type":"Q4_K_M"}"#

    /// A model's manifest.
    public static func manifest(_ layers: [SimulatedLayer]) -> String {
        let config = Digest.of([UInt8](configuration.utf8))
        let items = layers.map { layer in
            """
            {"mediaType":"application/vnd.ollama.image.\(layer.kind)","digest":"\(layer.digest)","size":\(layer.bytes.count)}
            """
        }
        return """
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
            "config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"\(config)","size":\(configuration.utf8.count)},
            "layers":[\(items.joined(separator: ","))]}
            """
    }

    /// Runs `body` with a registry of models named `namespace/model:tag`.
    ///
    /// - Parameter interrupt: Asked before the registry answers by itself: a fault to inject.
    public static func run<Result: Sendable>(
        _ models: [String: [SimulatedLayer]],
        interrupt: @escaping @Sendable (SimulatedRequest) -> SimulatedResponse? = { _ in nil },
        _ body: (OllamaSimulator) async throws -> Result
    ) async throws -> Result {
        let config = [UInt8](configuration.utf8)
        let blobs =
            models.values.joined().map { ($0.digest.hexadecimal, $0.bytes) }
            + [(Digest.of(config).hexadecimal, config)]
        let contents = Dictionary(blobs) { first, _ in first }
        return try await LoopbackServer.run({ SignedStorage.answer($0, contents) }) { storage in
            let address = storage.address
            return try await LoopbackServer.run({ request in
                interrupt(request) ?? answer(request, models, contents, storage: address)
            }) { registry in
                try await body(OllamaSimulator(registry: registry, storage: storage))
            }
        }
    }

    private static func answer(
        _ request: SimulatedRequest, _ models: [String: [SimulatedLayer]], _ contents: [String: [UInt8]],
        storage: String
    ) -> SimulatedResponse {
        let parts = request.components
        guard parts.count == 5, parts[0] == "v2" else { return SimulatedResponse(404) }
        if parts[3] == "manifests", let layers = models["\(parts[1])/\(parts[2]):\(parts[4])"] {
            return SimulatedResponse(
                200, text: manifest(layers), type: "application/vnd.docker.distribution.manifest.v2+json")
        }
        if parts[3] == "blobs", let digest = Digest(parts[4]), contents[digest.hexadecimal] != nil {
            let target = "\(storage)/\(digest.hexadecimal)?signature=\(SignedStorage.signature)"
            return SimulatedResponse(307, headers: [("Location", target)])
        }
        let code = parts[3] == "manifests" ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN"
        return SimulatedResponse(404, text: #"{"errors":[{"code":"\#(code)","message":"not known to the registry"}]}"#)
    }
}

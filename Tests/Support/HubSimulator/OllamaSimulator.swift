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
    public static let configuration =
        #"{"model_format":"gguf","model_family":"llama","model_type":"1.1B","file_type":"Q4_K_M"}"#

    /// A model's manifest.
    public static func manifest(_ layers: [SimulatedLayer]) -> String {
        OllamaModel.manifest(
            layers: layers.map { ($0.kind, $0.digest, Int64($0.bytes.count)) },
            configuration: Digest.of([UInt8](configuration.utf8)), byteCount: configuration.utf8.count)
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
            models.values.joined().map { ($0.digest.hexadecimal, SimulatedContent.bytes($0.bytes)) }
            + [(Digest.of(config).hexadecimal, .bytes(config))]
        let contents = Dictionary(blobs) { first, _ in first }
        let signed = SignedStorage(contents)
        let manifests = models.mapValues { SimulatedContent.bytes([UInt8](manifest($0).utf8)) }
        return try await LoopbackServer.run({ signed.answer($0) }) { storage in
            let address = storage.address
            let model = OllamaModel(
                manifests: manifests, contents: contents, storage: { address + signed.address(of: $0) })
            return try await LoopbackServer.run({ interrupt($0) ?? model.answer($0) }) { registry in
                try await body(OllamaSimulator(registry: registry, storage: storage))
            }
        }
    }
}

import Foundation
import Security

/// The manifest of a model in Ollama's registry and folder: an OCI image manifest whose layers are the model's parts.
struct OllamaManifest: Decodable, Sendable {
    let config: Layer?
    let layers: [Layer]

    struct Layer: Decodable, Sendable {
        let mediaType: String
        let digest: Digest
        let size: Int64
    }

    /// The longest manifest that is read, in bytes.
    static let maximumByteCount = 1 << 20

    private static let prefix = "application/vnd.ollama.image."

    /// The layers that Roost has a use for, the weights first. Several layers of weights are parts of one model.
    var parts: [(role: ModelFileRole, layer: Layer)] {
        let weights = layers(of: "model")
        let models = weights.enumerated().map { index, layer in
            (weights.count == 1 ? .model : ModelFileRole.shard(index: index + 1, count: weights.count), layer)
        }
        let others: [(String, ModelFileRole)] = [
            ("projector", .projector), ("adapter", .adapter), ("template", .template), ("system", .system),
            ("params", .parameters), ("messages", .messages), ("license", .license),
        ]
        return models + others.flatMap { kind, role in layers(of: kind).map { (role, $0) } }
    }

    /// Whether the weights are single tensors, which is no GGUF.
    var hasTensorLayers: Bool { !layers(of: "tensor").isEmpty }

    private func layers(of kind: String) -> [Layer] {
        // A parameter may follow the type: application/vnd.ollama.image.tensor; name="…".
        layers.filter { layer in
            let type = layer.mediaType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
            return type == Self.prefix + kind && layer.size >= 0
        }
    }
}

/// The part of a model's configuration blob that says what the weights are.
struct OllamaModelConfiguration: Decodable, Sendable {
    let modelFormat: String?
    let modelFamily: String?
    /// The number of parameters, as in `8.0B`.
    let modelType: String?
    let fileType: String?

    private enum CodingKeys: String, CodingKey {
        case modelFormat = "model_format"
        case modelFamily = "model_family"
        case modelType = "model_type"
        case fileType = "file_type"
    }
}

/// The registry's errors: `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"…"}]}`.
struct OllamaRegistryErrors: Decodable, Sendable {
    let errors: [Item]

    struct Item: Decodable, Sendable {
        let code: String?
        let message: String?
    }
}

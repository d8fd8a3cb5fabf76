import Foundation
import ModelFormats
import Security

/// One model in the store: a name, the content it refers to and what that content is.
public struct ModelRecord: Sendable, Hashable, Codable, Identifiable {
    /// The name, which is unique in a store.
    public let name: ModelName
    /// SHA-256 of the file of the weights; of the first one when they are in parts.
    public let digest: Digest
    /// Equal for models that have the same files and different for others; ``digest`` itself for a model of one file.
    public let identity: Digest
    /// Size of the weights in bytes, all parts together.
    public let byteCount: Int64
    /// Size of all its files in bytes.
    public let totalByteCount: Int64
    /// Its files: the weights first, parts in order.
    public let files: [ModelFileRecord]
    /// The file's format: `gguf`.
    public let format: String
    /// The model's architecture: `gemma3`, `llama`, `qwen2`.
    public let architecture: String
    /// How many weights the tensors hold.
    public let parameterCount: Int64
    /// The weights' quantization: `Q4_K_M`, `F16`.
    public let quantization: String
    /// The context length the model was trained with, in tokens.
    public let contextLength: Int?
    /// Values per embedding vector.
    public let embeddingLength: Int?
    /// What the model can do.
    public let capabilities: [ModelCapability]
    /// Whether the weights, or a file beside them, carry a chat template that the engine can use.
    public let hasChatTemplate: Bool
    /// The licence that the file states, else the one that its hub states.
    public let license: String?
    /// The model's own name (`general.name`).
    public let title: String?
    /// Where it came from: a file's path or a URL.
    public let source: String
    /// Where it came from in detail; `nil` for an imported file.
    public let provenance: Provenance?
    /// When the content came into the store.
    public let createdAt: Date
    /// When the name came to refer to this content.
    public let modifiedAt: Date
    /// When it was loaded or asked for the first time.
    public let firstUsedAt: Date?
    /// When it was last loaded or asked.
    public let lastUsedAt: Date?
    /// How often it was used.
    public let useCount: Int
    /// Tokens that it has generated, as far as they were reported.
    public let tokenCount: Int
    /// When all its files had last been hashed and found intact.
    public let lastVerifiedAt: Date?
    /// Whether it is the active model, which commands without a name use.
    public let isActive: Bool

    /// The name.
    public var id: ModelName { name }

    /// Equal for models that are the same once they are in memory, whatever prompts and parameters go with them; the
    /// ``identity`` of one that has only the files that are loaded.
    public var loadedIdentity: Digest {
        let loaded = files.filter { $0.role.isLoaded }
        guard loaded.count > 1 else { return loaded.first?.digest ?? digest }
        return Digest.of(Array(loaded.map { "\($0.role.rawValue) \($0.digest)\n" }.joined().utf8))
    }
}

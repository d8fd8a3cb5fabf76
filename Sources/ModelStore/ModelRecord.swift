import Foundation
import ModelFormats
import Security

/// One model in the store: a name, the content it refers to and what that content is.
public struct ModelRecord: Sendable, Hashable, Codable, Identifiable {
    /// The name, which is unique in a store.
    public let name: ModelName
    /// SHA-256 of the model's file.
    public let digest: Digest
    /// Size of the model's file in bytes.
    public let byteCount: Int64
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
    /// Whether the file carries a chat template.
    public let hasChatTemplate: Bool
    /// The licence that the file states.
    public let license: String?
    /// The model's own name (`general.name`).
    public let title: String?
    /// Where it came from: a file's path or a URL.
    public let source: String
    /// When the content came into the store.
    public let createdAt: Date
    /// When the name came to refer to this content.
    public let modifiedAt: Date
    /// When it was last loaded or asked.
    public let lastUsedAt: Date?
    /// How often it was used.
    public let useCount: Int
    /// When its file was last hashed and found intact.
    public let lastVerifiedAt: Date?
    /// Whether it is the active model, which commands without a name use.
    public let isActive: Bool

    /// The name.
    public var id: ModelName { name }
}

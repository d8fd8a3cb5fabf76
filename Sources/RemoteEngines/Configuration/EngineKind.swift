/// What serves models behind an address: how it is asked for its models and its health, and how it is spoken to.
public enum EngineKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Ollama: `/api/tags`, and OpenAI's API under `/v1`.
    case ollama
    /// LM Studio: `/v1/models`.
    case lmStudio = "lmstudio"
    /// Jan: `/v1/models`, with a key.
    case jan
    /// llama.cpp's server: `/health`, `/v1/models`.
    case llamaServer = "llama-server"
    /// vLLM: `/health`, `/v1/models`.
    case vllm
    /// Another Roost: `/health`, `/v1/models`.
    case roost
    /// Anything with OpenAI's API under an address that ends in `/v1`.
    case openAI = "openai"
}

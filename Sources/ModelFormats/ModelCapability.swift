/// What a model can be asked to do, guessed from its file's metadata. The raw values are Ollama's names, where it has
/// one; `chat` says that the file carries a chat template.
public enum ModelCapability: String, Codable, Sendable, CaseIterable {
    /// Continues a text.
    case completion
    /// Carries a chat template: answers messages.
    case chat
    /// The chat template has a place for tool definitions.
    case tools
    /// Understands images.
    case vision
    /// Turns text into a vector.
    case embedding
    /// The chat template knows a part for reasoning before the answer.
    case thinking
    /// Fills in the middle between a prefix and a suffix.
    case insert
}

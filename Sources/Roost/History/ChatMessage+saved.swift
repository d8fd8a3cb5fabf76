public import ChatHistory
public import Inference

extension ChatMessage {
    /// A kept message as models get it.
    public init(_ saved: SavedMessage) {
        let role: Role =
            switch saved.role {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            }
        self.init(role: role, parts: saved.images.map(Part.image) + [.text(saved.content)])
        reasoning = saved.reasoning
        toolCalls = saved.toolCalls.map { ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        toolCallID = saved.toolCallID
        name = saved.name
    }
}

extension SavedMessage {
    /// A message that models get, to be kept.
    public init(_ message: ChatMessage) {
        let role: Role =
            switch message.role {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            }
        self.init(role: role, content: message.content)
        images = message.parts.compactMap { if case .image(let data) = $0 { data } else { nil } }
        reasoning = message.reasoning
        toolCalls = message.toolCalls.map { SavedToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        toolCallID = message.toolCallID
        name = message.name
    }

    /// An answer of a model, to be kept.
    public init(_ result: GenerationResult, model: String) {
        self.init(role: .assistant, content: result.text)
        reasoning = result.reasoning.isEmpty ? nil : result.reasoning
        toolCalls = result.toolCalls.map { SavedToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        self.model = model
    }
}

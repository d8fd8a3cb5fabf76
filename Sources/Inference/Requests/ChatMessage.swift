public import Foundation

/// One message of a conversation, in the roles that chat templates know.
public struct ChatMessage: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant, tool
    }

    /// A piece of what is said.
    public enum Part: Sendable, Hashable, Codable {
        case text(String)
        /// A JPEG, PNG, BMP or GIF file's bytes; for models with a projector.
        case image(Data)
    }

    /// Who speaks.
    public var role: Role
    /// What is said, in order.
    public var parts: [Part]
    /// What the model thought before it answered, for templates that show it again.
    public var reasoning: String?
    /// The functions that the model called in this message.
    public var toolCalls: [ToolCall] = []
    /// The call that this message, of role `tool`, answers.
    public var toolCallID: String?
    /// The function whose result this is, for templates that write it.
    public var name: String?

    /// The text of all parts. Setting it replaces the texts and keeps the images, before it.
    public var content: String {
        get { parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined() }
        set { parts = parts.filter { if case .image = $0 { true } else { false } } + [.text(newValue)] }
    }

    /// Whether there is a picture in it.
    public var hasImages: Bool { parts.contains { if case .image = $0 { true } else { false } } }

    /// A message by `role` that says `content`.
    public init(role: Role, content: String) { self.init(role: role, parts: [.text(content)]) }

    /// A message by `role` in `parts`.
    public init(role: Role, parts: [Part]) {
        self.role = role
        self.parts = parts
    }

    /// Instructions to the model.
    public static func system(_ content: String) -> ChatMessage { .init(role: .system, content: content) }
    /// What the person says.
    public static func user(_ content: String) -> ChatMessage { .init(role: .user, content: content) }
    /// What the model said.
    public static func assistant(_ content: String) -> ChatMessage { .init(role: .assistant, content: content) }
}

extension Sequence<ChatMessage> {
    /// What a model without a chat template is given instead of a conversation: the contents, a line break between.
    public var plainText: String { map(\.content).joined(separator: "\n") }
}

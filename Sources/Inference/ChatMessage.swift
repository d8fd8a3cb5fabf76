/// One message of a conversation, in the roles that chat templates know.
public struct ChatMessage: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant, tool
    }

    /// Who speaks.
    public var role: Role
    /// What is said.
    public var content: String

    /// A message by `role` that says `content`.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
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

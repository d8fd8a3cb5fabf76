public import Foundation

/// One message of a kept conversation.
///
/// Its JSON form is that of a message in chat APIs, with what is kept beside it: `role`, `content`, `reasoning`,
/// `tool_calls`, `tool_call_id`, `name`, `images` (base64), `model`, `created_at`, `interrupted`.
public struct SavedMessage: Sendable, Hashable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant, tool
    }

    /// Who speaks.
    public var role: Role
    /// What is said.
    public var content: String
    /// What the model thought before it answered.
    public var reasoning: String?
    /// The functions that the model called in this message.
    public var toolCalls: [SavedToolCall] = []
    /// The call that this message, of role `tool`, answers.
    public var toolCallID: String?
    /// The function whose result this is.
    public var name: String?
    /// The files of its pictures.
    public var images: [Data] = []
    /// The model that said it, by the name that was used.
    public var model: String?
    /// Whether the answer was ended before the model had ended it.
    public var isInterrupted = false
    /// When it was said, to the millisecond; `nil` is when it is kept.
    public var createdAt: Date?

    /// A message by `role` that says `content`.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }

    /// The message with its texts as a history gives them back: U+FFFD in the place of each NUL, at which SQLite's text
    /// would end.
    public var asKept: SavedMessage {
        var kept = self
        kept.content = content.keepable
        kept.reasoning = reasoning?.keepable
        kept.toolCalls = toolCalls.map {
            SavedToolCall(id: $0.id.keepable, name: $0.name.keepable, arguments: $0.arguments.keepable)
        }
        kept.toolCallID = toolCallID?.keepable
        kept.name = name?.keepable
        kept.model = model?.keepable
        return kept
    }

    /// Bytes of its text: content, reasoning, and calls with their arguments.
    public var textByteCount: Int {
        let own = content.utf8.count + (reasoning?.utf8.count ?? 0) + (toolCallID?.utf8.count ?? 0)
        return toolCalls.reduce(own + (name?.utf8.count ?? 0)) {
            $0 + $1.id.utf8.count + $1.name.utf8.count + $1.arguments.utf8.count
        }
    }

    /// Bytes of its text and its pictures.
    public var byteCount: Int { images.reduce(textByteCount) { $0 + $1.count } }
}

/// A call of a function by the model; its JSON form is OpenAI's.
public struct SavedToolCall: Sendable, Hashable {
    /// Tells calls apart; a result names it.
    public var id: String
    /// The function.
    public var name: String
    /// The arguments as JSON text, as the model wrote them.
    public var arguments: String

    /// A call of the function `name`.
    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

extension SavedMessage: Codable {
    private enum CodingKeys: String, CodingKey {
        case role, content, reasoning, name, images, model
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case isInterrupted = "interrupted"
        case createdAt = "created_at"
    }

    /// Reads its JSON form. Throws `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        role = try container.decode(Role.self, forKey: .role)
        content = try container.decodeIfPresent(String.self, forKey: .content) ?? ""
        reasoning = try container.decodeIfPresent(String.self, forKey: .reasoning)
        toolCalls = try container.decodeIfPresent([SavedToolCall].self, forKey: .toolCalls) ?? []
        toolCallID = try container.decodeIfPresent(String.self, forKey: .toolCallID)
        name = try container.decodeIfPresent(String.self, forKey: .name)
        images = try container.decodeIfPresent([Data].self, forKey: .images) ?? []
        model = try container.decodeIfPresent(String.self, forKey: .model)
        isInterrupted = try container.decodeIfPresent(Bool.self, forKey: .isInterrupted) ?? false
        createdAt = try container.decodeIfPresent(HistoryTime.self, forKey: .createdAt)?.date
    }

    /// Writes its JSON form. Throws `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(role, forKey: .role)
        try container.encode(content, forKey: .content)
        try container.encodeIfPresent(reasoning, forKey: .reasoning)
        if !toolCalls.isEmpty { try container.encode(toolCalls, forKey: .toolCalls) }
        try container.encodeIfPresent(toolCallID, forKey: .toolCallID)
        try container.encodeIfPresent(name, forKey: .name)
        if !images.isEmpty { try container.encode(images, forKey: .images) }
        try container.encodeIfPresent(model, forKey: .model)
        if isInterrupted { try container.encode(true, forKey: .isInterrupted) }
        try container.encodeIfPresent(createdAt.map(HistoryTime.init), forKey: .createdAt)
    }
}

extension SavedToolCall: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, type, function
    }

    private struct Function: Codable {
        var name: String
        var arguments: String
    }

    /// Reads its JSON form. Throws `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let function = try container.decode(Function.self, forKey: .function)
        id = try container.decodeIfPresent(String.self, forKey: .id) ?? ""
        name = function.name
        arguments = function.arguments
    }

    /// Writes its JSON form. Throws `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("function", forKey: .type)
        try container.encode(Function(name: name, arguments: arguments), forKey: .function)
    }
}

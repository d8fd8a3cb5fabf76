public import Foundation

/// A whole conversation outside the database: what is exported as JSON and can be imported again.
///
/// ```json
/// {"format": "roost.conversation", "version": 1, "id": "…", "title": "…", "model": "…",
///  "created_at": "…", "updated_at": "…", "messages": [{"role": "user", "content": "Hello", …}]}
/// ```
public struct ConversationDocument: Sendable, Hashable {
    /// What `format` says.
    public static let format = "roost.conversation"
    /// The newest version that is read, and the one that is written.
    public static let version = 1

    /// What it was called by where it comes from; it gets a new id where it is imported.
    public var id: String?
    /// What it is about; `nil` takes the first words of the first message.
    public var title: String?
    /// The model that answered last.
    public var model: String
    /// When it began; `nil` is when it is imported.
    public var createdAt: Date?
    /// When the last message was added; `nil` is when it is imported.
    public var updatedAt: Date?
    /// What was said.
    public var messages: [SavedMessage]

    /// A conversation with its messages.
    public init(_ conversation: SavedConversation, messages: [SavedMessage]) {
        id = conversation.id
        title = conversation.title
        model = conversation.model
        createdAt = conversation.createdAt
        updatedAt = conversation.updatedAt
        self.messages = messages
    }

    /// Reads what was exported.
    ///
    /// - Throws: ``ChatHistoryError/invalidExport(reason:)``.
    public init(reading data: Data) throws {
        do {
            self = try JSONDecoder().decode(ConversationDocument.self, from: data)
        } catch let error as DecodingError {
            throw ChatHistoryError.invalidExport(reason: Self.reason(error))
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        let name = { (path: [any CodingKey]) in
            path.isEmpty
                ? "the text"
                : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
                    .joined(separator: ".").replacing(".[", with: "[")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(name(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): return "\(name(context.codingPath)) has another type than it should"
        case .valueNotFound(_, let context): return "\(name(context.codingPath)) is null"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "it is not valid JSON, or \(context.debugDescription)"
                : "\(name(context.codingPath)) is not valid (\(context.debugDescription))"
        @unknown default: return "it cannot be read"
        }
    }
}

extension ConversationDocument: Codable {
    private enum CodingKeys: String, CodingKey {
        case format, version, id, title, model, messages
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    /// Reads its JSON form. Throws `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let format = try container.decode(String.self, forKey: .format)
        guard format == Self.format else {
            throw DecodingError.dataCorruptedError(
                forKey: .format, in: container, debugDescription: "it must be \(Self.format)")
        }
        let version = try container.decode(Int.self, forKey: .version)
        guard version == Self.version else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container,
                debugDescription: "this Roost reads version \(Self.version), not \(version)")
        }
        id = try container.decodeIfPresent(String.self, forKey: .id)
        title = try container.decodeIfPresent(String.self, forKey: .title)
        model = try container.decodeIfPresent(String.self, forKey: .model) ?? ""
        createdAt = try container.decodeIfPresent(HistoryTime.self, forKey: .createdAt)?.date
        updatedAt = try container.decodeIfPresent(HistoryTime.self, forKey: .updatedAt)?.date
        messages = try container.decode([SavedMessage].self, forKey: .messages)
    }

    /// Writes its JSON form. Throws `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        try encodeHead(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(messages, forKey: .messages)
    }

    /// All but the messages.
    struct Head: Encodable {
        let document: ConversationDocument

        func encode(to encoder: any Encoder) throws { try document.encodeHead(to: encoder) }
    }

    private func encodeHead(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.format, forKey: .format)
        try container.encode(Self.version, forKey: .version)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encodeIfPresent(title, forKey: .title)
        try container.encode(model, forKey: .model)
        try container.encodeIfPresent(createdAt.map(HistoryTime.init), forKey: .createdAt)
        try container.encodeIfPresent(updatedAt.map(HistoryTime.init), forKey: .updatedAt)
    }
}

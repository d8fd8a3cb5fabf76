public import Foundation

/// A conversation that a person asked to keep, without its messages.
public struct SavedConversation: Sendable, Hashable, Codable, Identifiable {
    /// Names it for good; a UUID in lower case.
    public let id: String
    /// What it is about, at most 200 characters: the first words of its first message, until it is given a title.
    public var title: String
    /// The model that answered last, by the name that was used.
    public var model: String
    /// When it began.
    public let createdAt: Date
    /// When the last message was added.
    public var updatedAt: Date
    /// Its messages, those of the system too.
    public var messageCount: Int

    /// A conversation with these facts.
    public init(id: String, title: String, model: String, createdAt: Date, updatedAt: Date, messageCount: Int) {
        self.id = id
        self.title = title
        self.model = model
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.messageCount = messageCount
    }
}

import Foundation
import Roost
import Terminal

/// A kept conversation as a row of `roost history list`.
struct ListedConversation: ListedItem, Encodable {
    /// Its place in the list, from 1; shown as long as it names the conversation.
    let number: Int
    let conversation: SavedConversation
    let now: Date

    static let columns: [Table.Column] = [
        .right("#"), .left("ID"), .left("TITLE", isFlexible: true), .left("MODEL", isFlexible: true),
        .right("MESSAGES"), .left("LAST"),
    ]

    var name: String { conversation.id }

    var cells: [String] {
        [
            number <= ChatHistory.lastPlace ? "\(number)" : "", conversation.shortID, conversation.title,
            ModelName(conversation.model)?.display ?? conversation.model, "\(conversation.messageCount)",
            HumanReadable.relative(conversation.updatedAt, to: now),
        ]
    }

    func encode(to encoder: any Encoder) throws { try conversation.encode(to: encoder) }
}

extension SavedConversation {
    /// Enough of the id to tell it from the others, as a rule.
    var shortID: String { String(id.prefix(8)) }
}

extension ChatHistory {
    /// The newest conversations, as many as `limit`; and whether there are more.
    func newest(_ limit: Int) async throws -> (conversations: [SavedConversation], hasMore: Bool) {
        var found: [SavedConversation] = []
        var cursor: String?
        repeat {
            let page = try await conversations(
                limit: min(HistoryLimits.pageLength.upperBound, limit - found.count), after: cursor)
            found += page.conversations
            cursor = page.nextCursor
        } while cursor != nil && found.count < limit
        return (found, cursor != nil)
    }
}

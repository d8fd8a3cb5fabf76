import Foundation

/// Some of the kept conversations, those that were spoken in last first.
public struct HistoryPage: Sendable, Hashable {
    /// The conversations.
    public let conversations: [SavedConversation]
    /// What gets the next page; `nil` when there is none.
    public let nextCursor: String?
}

/// Some of the conversations in which words were found, those that were spoken in last first.
public struct HistorySearchPage: Sendable, Hashable {
    /// The conversations, each with where the words are.
    public let matches: [HistoryMatch]
    /// What gets the next page; `nil` when there is none.
    public let nextCursor: String?
}

/// A conversation in which words were found.
public struct HistoryMatch: Sendable, Hashable {
    /// A piece of the text around what was found.
    public struct Piece: Sendable, Hashable, Codable {
        /// The text.
        public let text: String
        /// Whether it is one of the words that were looked for.
        public let isMatch: Bool

        /// A piece of text.
        public init(text: String, isMatch: Bool) {
            self.text = text
            self.isMatch = isMatch
        }
    }

    /// The conversation.
    public let conversation: SavedConversation
    /// The first message that has all the words, counted from 0; `nil` when the title has them.
    public let position: Int?
    /// Text around the words.
    public let snippet: [Piece]
}

/// Where a page begins: after the conversation that was spoken in last at a time.
struct PageCursor: Sendable, Hashable {
    let updatedAt: Int64
    let key: Int64

    /// Before the newest.
    static let start = PageCursor(updatedAt: .max, key: .max)

    init(updatedAt: Int64, key: Int64) {
        self.updatedAt = updatedAt
        self.key = key
    }

    /// Reads what ``text`` wrote; `nil` is the start. Throws `ChatHistoryError.invalidValue`.
    init(reading text: String?) throws(ChatHistoryError) {
        guard let text else {
            self = .start
            return
        }
        // Times before 1970 are negative.
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 2, let time = parts[0], let key = parts[1], key >= 0 else {
            throw .invalidValue(name: "cursor", value: text, rule: "what the page before it gave")
        }
        self.init(updatedAt: time, key: key)
    }

    var text: String { "\(updatedAt).\(key)" }
}

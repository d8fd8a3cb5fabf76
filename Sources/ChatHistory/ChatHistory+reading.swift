import Foundation
import GRDB

extension ChatHistory {
    /// The conversations, those that were spoken in last first.
    ///
    /// - Parameters:
    ///   - limit: How many at most, 1…200.
    ///   - cursor: ``HistoryPage/nextCursor`` of the page before.
    /// - Throws: ``ChatHistoryError``.
    public func conversations(limit: Int = 50, after cursor: String? = nil) async throws -> HistoryPage {
        try HistoryRules.check(limit: limit)
        let start = try PageCursor(reading: cursor)
        let owner = owner
        let rows = try await database.read { try $0.conversations(owner: owner, after: start, limit: limit + 1) }
        return HistoryPage(
            conversations: rows.prefix(limit).map(\.conversation), nextCursor: Self.cursor(after: rows, limit))
    }

    /// How many conversations there are.
    ///
    /// - Throws: ``ChatHistoryError``.
    public func conversationCount() async throws -> Int {
        let owner = owner
        return try await database.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM conversation WHERE owner = ?", arguments: [owner]) ?? 0
        }
    }

    /// One conversation.
    ///
    /// - Throws: ``ChatHistoryError/notFound(_:)``.
    public func conversation(_ id: String) async throws -> SavedConversation {
        let owner = owner
        return try await database.read { try $0.conversation(id, owner: owner).conversation }
    }

    /// The conversation that a person means: by its id, the beginning of its id (four characters or more), or its place
    /// in the list, 1 for the one that was spoken in last, up to ``lastPlace``.
    ///
    /// - Throws: ``ChatHistoryError/notFound(_:)``, ``ChatHistoryError/ambiguous(_:count:)``.
    public func conversation(matching text: String) async throws -> SavedConversation {
        let wanted = Self.normalized(text)
        let (isPlace, isBeginning) = (Self.isPlace(wanted), Self.isBeginningOfID(wanted))
        let owner = owner
        let found = try await database.read { db in
            if isPlace, let place = Int(wanted), place > 0 {
                return try db.conversations(owner: owner, after: .start, limit: place).dropFirst(place - 1)
                    .map(\.conversation)
            }
            guard isBeginning else { return [] }
            // Ids are in lower case, “g” is what comes after the last of them.
            return try Row.fetchAll(
                db, sql: "SELECT * FROM conversation WHERE id >= ? AND id < ? AND owner = ?",
                arguments: [wanted, wanted + "g", owner]
            ).map { ConversationRow($0).conversation }
        }
        guard let first = found.first else { throw ChatHistoryError.notFound(text) }
        guard found.count == 1 else { throw ChatHistoryError.ambiguous(text, count: found.count) }
        return first
    }

    /// The last place in the list by which a conversation can be named: four digits are the beginning of an id.
    public static let lastPlace = 999

    /// Whether a text has the form of what ``conversation(matching:)`` finds.
    public static func canName(_ text: String) -> Bool {
        let wanted = normalized(text)
        return isPlace(wanted) || isBeginningOfID(wanted)
    }

    private static func normalized(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces).lowercased() }

    private static func isPlace(_ text: String) -> Bool {
        (1...3).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isBeginningOfID(_ text: String) -> Bool {
        (4...36).contains(text.utf8.count) && text.utf8.allSatisfy { "0123456789abcdef-".utf8.contains($0) }
    }

    /// Messages of a conversation in their order, with their pictures.
    ///
    /// - Parameters:
    ///   - position: Where to begin, counted from 0.
    ///   - limit: How many at most.
    ///   - byteLimit: Ends before the message with which they would have more bytes; there is one at least.
    /// - Throws: ``ChatHistoryError``.
    public func messages(
        of id: String, from position: Int = 0, limit: Int = .max, byteLimit: Int = .max
    ) async throws -> [SavedMessage] {
        let owner = owner
        return try await database.read { db in
            let row = try db.conversation(id, owner: owner)
            return try db.messages(
                of: row.key, from: max(0, position), limit: max(0, limit), byteLimit: byteLimit
            ).map { key, message in
                var message = message
                message.images = try db.images(of: key)
                return message
            }
        }
    }

    /// The conversations whose title or one of whose messages has all the words of a text, those that were spoken in
    /// last first. Words are found by their beginnings, “phrases” in quotation marks as they are; case and accents do
    /// not count.
    ///
    /// - Throws: ``ChatHistoryError``.
    public func search(_ text: String, limit: Int = 50, after cursor: String? = nil) async throws -> HistorySearchPage {
        try HistoryRules.check(limit: limit)
        let query = try SearchQuery(text)
        let start = try PageCursor(reading: cursor)
        let owner = owner
        return try await database.read { db in
            let found = try db.conversations(with: query, owner: owner, after: start, limit: limit + 1)
            let matches = try found.prefix(limit).map { row, message in
                let place = try message.map { try db.place(of: query, in: $0) }
                return HistoryMatch(
                    conversation: row.conversation, position: place?.position,
                    snippet: try place?.snippet ?? db.snippet(of: query, inTitleOf: row))
            }
            return HistorySearchPage(matches: matches, nextCursor: Self.cursor(after: found.map(\.row), limit))
        }
    }

    /// The cursor of the next page, when a row more was found than the page has.
    private static func cursor(after rows: [ConversationRow], _ limit: Int) -> String? {
        guard rows.count > limit, limit > 0 else { return nil }
        let last = rows[limit - 1]
        return PageCursor(updatedAt: last.updatedAt, key: last.key).text
    }
}

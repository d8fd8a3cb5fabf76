import Foundation
import GRDB

/// A conversation with what is not told of it.
struct ConversationRow: Sendable {
    let key: Int64
    let updatedAt: Int64
    let byteCount: Int64
    let conversation: SavedConversation

    init(_ row: Row) {
        key = row["key"]
        updatedAt = row["updatedAt"]
        byteCount = row["byteCount"]
        conversation = SavedConversation(
            id: row["id"], title: row["title"], model: row["model"],
            createdAt: HistoryTime(milliseconds: row["createdAt"]).date,
            updatedAt: HistoryTime(milliseconds: row["updatedAt"]).date, messageCount: row["messageCount"])
    }
}

/// What the history asks of its database, inside a transaction.
extension Database {
    /// Throws `ChatHistoryError.notFound`, also for another owner's.
    func conversation(_ id: String, owner: String) throws -> ConversationRow {
        let row = try Row.fetchOne(
            self, sql: "SELECT * FROM conversation WHERE id = ? AND owner = ?", arguments: [id, owner])
        guard let row else { throw ChatHistoryError.notFound(id) }
        return ConversationRow(row)
    }

    /// Conversations after a cursor, newest first.
    func conversations(owner: String, after cursor: PageCursor, limit: Int) throws -> [ConversationRow] {
        try Row.fetchAll(
            self,
            sql: """
                SELECT * FROM conversation WHERE owner = ? AND (updatedAt, key) < (?, ?)
                ORDER BY updatedAt DESC, key DESC LIMIT ?
                """, arguments: [owner, cursor.updatedAt, cursor.key, limit]
        ).map(ConversationRow.init)
    }

    /// Messages from a position on, without their pictures; ends before the one with which they would have more than
    /// `byteLimit` bytes, but has one at least.
    func messages(
        of conversation: Int64, from position: Int, limit: Int, byteLimit: Int
    ) throws -> [(key: Int64, message: SavedMessage)] {
        let rows = try Row.fetchCursor(
            self, sql: "SELECT * FROM message WHERE conversation = ? AND position >= ? ORDER BY position LIMIT ?",
            arguments: [conversation, position, limit])
        var found: [(Int64, SavedMessage)] = []
        var byteCount = 0
        while let row = try rows.next() {
            let key: Int64 = row["key"]
            let images = try Int.fetchOne(
                self, sql: "SELECT coalesce(sum(length(content)), 0) FROM image WHERE message = ?", arguments: [key])
            let message = try SavedMessage(row)
            byteCount += message.textByteCount + (images ?? 0)
            if byteCount > byteLimit, !found.isEmpty { break }
            found.append((key, message))
        }
        return found
    }

    /// The pictures of a message.
    func images(of message: Int64) throws -> [Data] {
        try Data.fetchAll(
            self, sql: "SELECT content FROM image WHERE message = ? ORDER BY position", arguments: [message])
    }

    /// Deletes a conversation with its messages and their words.
    func deleteConversation(_ key: Int64) throws {
        try removeWords(ofMessagesIn: key)
        try removeWords(ofTitleOf: key)
        try execute(sql: "DELETE FROM message WHERE conversation = ?", arguments: [key])
        try execute(sql: "DELETE FROM conversation WHERE key = ?", arguments: [key])
    }

    func insert(_ message: SavedMessage, at position: Int, of conversation: Int64, time: Int64) throws {
        let message = message.asKept
        let calls = try message.toolCalls.isEmpty ? nil : message.toolCalls.jsonText
        try execute(
            sql: """
                INSERT INTO message (conversation, position, role, content, reasoning, toolCalls, toolCallID, name,
                    model, isInterrupted, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                conversation, position, message.role.rawValue, message.content, message.reasoning, calls,
                message.toolCallID, message.name, message.model, message.isInterrupted,
                message.createdAt.map { HistoryTime($0).milliseconds } ?? time,
            ])
        let key = lastInsertedRowID
        try enterWords(ofMessage: key, message.content)
        for (index, image) in message.images.enumerated() {
            try execute(
                sql: "INSERT INTO image (message, position, content) VALUES (?, ?, ?)", arguments: [key, index, image])
        }
    }
}

extension SavedMessage {
    fileprivate init(_ row: Row) throws {
        guard let role = Role(rawValue: row["role"]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a message has no role")
        }
        self.init(role: role, content: row["content"])
        reasoning = row["reasoning"]
        if let text: String = row["toolCalls"] {
            guard let calls = try? JSONDecoder().decode([SavedToolCall].self, from: Data(text.utf8)) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a message has unreadable calls")
            }
            toolCalls = calls
        }
        toolCallID = row["toolCallID"]
        name = row["name"]
        model = row["model"]
        isInterrupted = row["isInterrupted"]
        createdAt = HistoryTime(milliseconds: row["createdAt"]).date
    }
}

extension [SavedToolCall] {
    fileprivate var jsonText: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

extension String {
    /// SQLite's text ends at a NUL (`sqlite3_bind_text`, `sqlite3_column_text`): U+FFFD stands for it.
    var keepable: String {
        utf8.contains(0) ? String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : self
    }
}

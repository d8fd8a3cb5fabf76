import Foundation
import GRDB

extension Database {
    /// Conversations that have what is looked for, newest first, each with its first message that does; `nil` when only
    /// its title does.
    func conversations(
        with query: SearchQuery, owner: String, after cursor: PageCursor, limit: Int
    ) throws -> [(row: ConversationRow, message: Int64?)] {
        let (messages, titles, found): (String, String, [String])
        if query.needsScan {
            let like = { (column: String) in
                query.patterns.map { _ in "\(column) LIKE ? ESCAPE '\\'" }.joined(separator: " AND ")
            }
            messages = "message WHERE \(like("content"))"
            titles = "conversation WHERE \(like("title"))"
            found = query.patterns
        } else {
            messages = "messageText JOIN message ON message.key = messageText.rowid WHERE messageText MATCH ?"
            titles = "titleText JOIN conversation ON conversation.key = titleText.rowid WHERE titleText MATCH ?"
            found = [query.fullTextQuery]
        }
        let arguments: [any DatabaseValueConvertible] =
            found + found + [owner, cursor.updatedAt, cursor.key, limit]
        return try Row.fetchAll(
            self,
            sql: """
                WITH found (conversation, message) AS (
                    SELECT message.conversation, message.key FROM \(messages)
                    UNION ALL SELECT conversation.key, NULL FROM \(titles)
                )
                SELECT conversation.*, min(found.message) AS foundMessage
                FROM found JOIN conversation ON conversation.key = found.conversation
                WHERE conversation.owner = ? AND (conversation.updatedAt, conversation.key) < (?, ?)
                GROUP BY conversation.key ORDER BY conversation.updatedAt DESC, conversation.key DESC LIMIT ?
                """, arguments: StatementArguments(arguments)
        ).map { (ConversationRow($0), $0["foundMessage"]) }
    }

    /// Where a message is in its conversation, and its text around what is looked for.
    func place(of query: SearchQuery, in message: Int64) throws -> (position: Int, snippet: [HistoryMatch.Piece]) {
        let position = try Int.fetchOne(self, sql: "SELECT position FROM message WHERE key = ?", arguments: [message])
        return (position ?? 0, try snippet(of: query, in: message, index: "messageText", "message", "content"))
    }

    /// The title with what is looked for marked.
    func snippet(of query: SearchQuery, inTitleOf row: ConversationRow) throws -> [HistoryMatch.Piece] {
        try snippet(of: query, in: row.key, index: "titleText", "conversation", "title")
    }

    private func snippet(
        of query: SearchQuery, in key: Int64, index: String, _ table: String, _ column: String
    ) throws -> [HistoryMatch.Piece] {
        if query.needsScan {
            let text = try String.fetchOne(
                self, sql: "SELECT \(column) FROM \(table) WHERE key = ?", arguments: [key])
            return Snippet.pieces(of: text ?? "", around: query.terms)
        }
        let text = try String.fetchOne(
            self,
            sql: "SELECT snippet(\(index), 0, ?, ?, '…', 24) FROM \(index) WHERE \(index) MATCH ? AND rowid = ?",
            arguments: [Snippet.opening, Snippet.closing, query.fullTextQuery, key])
        return Snippet.pieces(ofMarked: text ?? "")
    }
}

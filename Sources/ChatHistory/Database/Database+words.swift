import GRDB

/// The index of words, which has to be told of each text that comes, and of each before it goes.
extension Database {
    func enterWords(ofMessage key: Int64, _ content: String) throws {
        try execute(sql: "INSERT INTO messageText (rowid, content) VALUES (?, ?)", arguments: [key, content])
    }

    func removeWords(ofMessagesIn conversation: Int64) throws {
        try execute(
            sql: """
                INSERT INTO messageText (messageText, rowid, content)
                SELECT 'delete', key, content FROM message WHERE conversation = ?
                """, arguments: [conversation])
    }

    func enterWords(ofTitleOf conversation: Int64, _ title: String) throws {
        try execute(sql: "INSERT INTO titleText (rowid, title) VALUES (?, ?)", arguments: [conversation, title])
    }

    func removeWords(ofTitleOf conversation: Int64) throws {
        try execute(
            sql: """
                INSERT INTO titleText (titleText, rowid, title)
                SELECT 'delete', key, title FROM conversation WHERE key = ?
                """, arguments: [conversation])
    }

    /// The index marks words as gone; merging its parts into one leaves them out.
    func leaveOutRemovedWords() throws {
        for index in ["messageText", "titleText"] {
            try execute(sql: "INSERT INTO \(index) (\(index)) VALUES ('optimize')")
        }
    }
}

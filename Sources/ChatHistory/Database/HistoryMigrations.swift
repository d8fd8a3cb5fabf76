import GRDB

extension DatabaseMigrator {
    /// Every version of the schema, oldest first. A migration that was released is never edited.
    static var history: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: conversations and messages") { db in
            // In the header, for whoever looks at the file: “Rsch”.
            try db.execute(sql: "PRAGMA application_id = \(HistoryDatabase.applicationID)")
            // Times are milliseconds since 1970. `key` is never given twice, so that a page's cursor stays true.
            try db.execute(
                sql: """
                    CREATE TABLE conversation (
                        key INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        owner TEXT NOT NULL,
                        title TEXT NOT NULL,
                        model TEXT NOT NULL,
                        createdAt INTEGER NOT NULL,
                        updatedAt INTEGER NOT NULL,
                        messageCount INTEGER NOT NULL DEFAULT 0 CHECK (messageCount >= 0),
                        byteCount INTEGER NOT NULL DEFAULT 0 CHECK (byteCount >= 0)
                    ) STRICT;
                    CREATE INDEX conversationByTime ON conversation (owner, updatedAt, key);
                    CREATE TABLE message (
                        key INTEGER PRIMARY KEY AUTOINCREMENT,
                        conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
                        position INTEGER NOT NULL CHECK (position >= 0),
                        role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
                        content TEXT NOT NULL,
                        reasoning TEXT,
                        toolCalls TEXT,
                        toolCallID TEXT,
                        name TEXT,
                        model TEXT,
                        isInterrupted INTEGER NOT NULL DEFAULT 0,
                        createdAt INTEGER NOT NULL,
                        UNIQUE (conversation, position)
                    ) STRICT;
                    CREATE TABLE image (
                        key INTEGER PRIMARY KEY,
                        message INTEGER NOT NULL REFERENCES message (key) ON DELETE CASCADE,
                        position INTEGER NOT NULL,
                        content BLOB NOT NULL,
                        UNIQUE (message, position)
                    ) STRICT;
                    """)
            // The words of messages and titles, without the texts themselves. What writes a text writes its words too
            // (`Database+words.swift`): triggers may not use FTS5 where a schema is not trusted.
            for (index, table, column) in [
                ("messageText", "message", "content"), ("titleText", "conversation", "title"),
            ] {
                try db.execute(
                    sql: """
                        CREATE VIRTUAL TABLE \(index) USING fts5 (
                            \(column), content='\(table)', content_rowid='key', tokenize='unicode61 remove_diacritics 2'
                        )
                        """)
            }
        }
        return migrator
    }
}

import GRDB

extension DatabaseMigrator {
    /// Every version of the schema, oldest first. A migration that was released is never edited.
    static var store: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: contents and names") { db in
            // One row per content. What the file says of itself belongs to the content, not to its names.
            try db.execute(
                sql: """
                    CREATE TABLE blob (
                        digest TEXT PRIMARY KEY NOT NULL CHECK (length(digest) = 71),
                        byteCount INTEGER NOT NULL CHECK (byteCount >= 0),
                        fileModifiedAt INTEGER NOT NULL,
                        format TEXT NOT NULL,
                        architecture TEXT NOT NULL,
                        title TEXT,
                        license TEXT,
                        parameterCount INTEGER NOT NULL,
                        quantization TEXT NOT NULL,
                        contextLength INTEGER,
                        embeddingLength INTEGER,
                        capabilities TEXT NOT NULL,
                        hasChatTemplate INTEGER NOT NULL,
                        createdAt TEXT NOT NULL,
                        lastVerifiedAt TEXT
                    ) STRICT;
                    """)
            // One row per name; `key` is the name with its tag in lower case.
            try db.execute(
                sql: """
                    CREATE TABLE model (
                        key TEXT PRIMARY KEY NOT NULL,
                        name TEXT NOT NULL,
                        digest TEXT NOT NULL REFERENCES blob (digest) ON DELETE RESTRICT,
                        source TEXT NOT NULL,
                        modifiedAt TEXT NOT NULL,
                        lastUsedAt TEXT,
                        useCount INTEGER NOT NULL DEFAULT 0
                    ) STRICT;
                    CREATE INDEX modelByDigest ON model (digest);
                    """)
            // At most one row: the active model.
            try db.execute(
                sql: """
                    CREATE TABLE active (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        key TEXT NOT NULL REFERENCES model (key) ON DELETE CASCADE ON UPDATE CASCADE
                    ) STRICT;
                    """)
            // Contents whose file may exist without a row in `blob`: about to come in, or about to go.
            try db.execute(sql: "CREATE TABLE unsettled (digest TEXT PRIMARY KEY NOT NULL) STRICT")
        }
        migrator.registerFilesAndFolders()
        migrator.registerObservations()
        return migrator
    }
}

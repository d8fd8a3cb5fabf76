import GRDB

extension DatabaseMigrator {
    /// Models of several files, several model folders, provenance, usage and checksums of pieces.
    ///
    /// What a file says of itself moves from the content to the model, since a model's parts say it together. SQLite
    /// cannot change a table's columns much, so tables are made anew; GRDB leaves foreign keys unchecked meanwhile.
    mutating func registerFilesAndFolders() {
        registerMigration("2: files, folders and provenance") { db in
            try db.execute(sql: Self.folders)
            try db.execute(sql: Self.contents)
            try db.execute(sql: Self.models)
            try db.execute(
                sql: """
                    DROP TABLE model;
                    DROP TABLE blob;
                    ALTER TABLE newBlob RENAME TO blob;
                    ALTER TABLE newModel RENAME TO model;
                    CREATE INDEX modelByDigest ON model (digest);
                    """)
            try db.execute(sql: Self.files)
            for row in try Row.fetchAll(db, sql: "SELECT key, digest, source FROM model") {
                let source: String = row["source"]
                let arguments: StatementArguments = [
                    row["key"] as String, ModelFileRow.name(ofSource: source), row["digest"] as String, source,
                ]
                try db.execute(
                    sql: "INSERT INTO modelFile VALUES (?, 0, 'model', ?, ?, ?)", arguments: arguments)
            }
        }
    }

    /// The root's path is NULL, so that the whole store can be moved by hand.
    private static let folders = """
        CREATE TABLE folder (
            id INTEGER PRIMARY KEY NOT NULL,
            path TEXT UNIQUE,
            isDefault INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        INSERT INTO folder (id, path, isDefault) VALUES (1, NULL, 1);
        CREATE TABLE newUnsettled (
            digest TEXT NOT NULL,
            folder INTEGER NOT NULL REFERENCES folder (id),
            PRIMARY KEY (digest, folder)
        ) STRICT;
        INSERT INTO newUnsettled SELECT digest, 1 FROM unsettled;
        DROP TABLE unsettled;
        ALTER TABLE newUnsettled RENAME TO unsettled;
        """

    /// A content is a digest, where its file is and how it was last found.
    private static let contents = """
        CREATE TABLE newBlob (
            digest TEXT PRIMARY KEY NOT NULL CHECK (length(digest) = 71),
            byteCount INTEGER NOT NULL CHECK (byteCount >= 0),
            folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE RESTRICT,
            fileModifiedAt INTEGER NOT NULL,
            createdAt TEXT NOT NULL,
            lastVerifiedAt TEXT,
            damagedAt TEXT,
            pieceByteCount INTEGER,
            pieces BLOB
        ) STRICT;
        INSERT INTO newBlob (digest, byteCount, folder, fileModifiedAt, createdAt, lastVerifiedAt)
            SELECT digest, byteCount, 1, fileModifiedAt, createdAt, lastVerifiedAt FROM blob;
        """

    /// `digest` is the first file of weights; `identity` tells models apart by all their files.
    private static let models = """
        CREATE TABLE newModel (
            key TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            digest TEXT NOT NULL REFERENCES blob (digest) ON DELETE RESTRICT,
            identity TEXT NOT NULL,
            source TEXT NOT NULL,
            modifiedAt TEXT NOT NULL,
            firstUsedAt TEXT,
            lastUsedAt TEXT,
            useCount INTEGER NOT NULL DEFAULT 0,
            tokenCount INTEGER NOT NULL DEFAULT 0,
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
            hub TEXT,
            reference TEXT,
            repository TEXT,
            revision TEXT,
            retrievedAt TEXT,
            hubLicense TEXT
        ) STRICT;
        INSERT INTO newModel (
            key, name, digest, identity, source, modifiedAt, lastUsedAt, useCount, format, architecture, title, license,
            parameterCount, quantization, contextLength, embeddingLength, capabilities, hasChatTemplate)
            SELECT key, name, model.digest, model.digest, source, modifiedAt, lastUsedAt, useCount, format,
                architecture, title, license, parameterCount, quantization, contextLength, embeddingLength,
                capabilities, hasChatTemplate
            FROM model JOIN blob ON blob.digest = model.digest;
        """

    private static let files = """
        CREATE TABLE modelFile (
            modelKey TEXT NOT NULL REFERENCES model (key) ON DELETE CASCADE ON UPDATE CASCADE,
            position INTEGER NOT NULL,
            role TEXT NOT NULL,
            name TEXT NOT NULL,
            digest TEXT NOT NULL REFERENCES blob (digest) ON DELETE RESTRICT,
            source TEXT,
            PRIMARY KEY (modelKey, position)
        ) STRICT;
        CREATE INDEX modelFileByDigest ON modelFile (digest);
        """
}

import GRDB

extension DatabaseMigrator {
    /// What was measured or predicted on a machine.
    mutating func registerObservations() {
        registerMigration("3: observations") { db in
            // No reference to a model: what was measured of a content stays true when its last name goes.
            try db.execute(
                sql: """
                    CREATE TABLE observation (
                        id INTEGER PRIMARY KEY NOT NULL,
                        kind TEXT NOT NULL,
                        machine TEXT NOT NULL,
                        engine TEXT NOT NULL,
                        model TEXT,
                        time TEXT NOT NULL,
                        value BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX observationByKey ON observation (kind, machine, engine, model, time);
                    CREATE INDEX observationByTime ON observation (time);
                    """)
        }
    }
}

import Foundation
import GRDB
import ModelFixtures
import ModelFormats
import Security
import Testing

@testable import ModelStore

/// A folder as the first released version left it, opened by this one.
@Suite("A store of the first version")
struct MigrationTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// The schema of version 1, word for word.
    private static let versionOne = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1: contents and names');
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
        CREATE TABLE active (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            key TEXT NOT NULL REFERENCES model (key) ON DELETE CASCADE ON UPDATE CASCADE
        ) STRICT;
        CREATE TABLE unsettled (digest TEXT PRIMARY KEY NOT NULL) STRICT;
        """

    /// A store with one content under two names, one of them active, and one content half removed.
    private func makeVersionOne() async throws -> (Digest, leftover: Digest) {
        let blobs = fixture.root.appendingPathComponent("blobs")
        try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
        let bytes = try TinyModel.llama(chatTemplate: TinyModel.chatML).bytes()
        let digest = Digest.of(bytes)
        let file = blobs.appendingPathComponent(digest.fileName)
        try Data(bytes).write(to: file)
        let status = try #require(try FileSystem.status(of: file.path))
        let leftover = Digest.of([1])
        try Data([1]).write(to: blobs.appendingPathComponent(leftover.fileName))
        let queue = try DatabaseQueue(path: fixture.root.appendingPathComponent("roost.db").path)
        try await queue.write { db in
            try db.execute(sql: Self.versionOne)
            try db.execute(
                sql: """
                    INSERT INTO blob VALUES (?, ?, ?, 'gguf', 'llama', 'Tiny Llama', 'apache-2.0', 1234, 'F16', 512, 64,
                        '["completion","chat"]', 1, '2026-01-02 03:04:05.678', '2026-02-03 04:05:06.789')
                    """, arguments: [digest.description, bytes.count, status.modifiedAt])
            try db.execute(
                sql: """
                    INSERT INTO model VALUES
                        ('tiny:latest', 'Tiny:latest', ?, '/home/me/Tiny.gguf', '2026-01-02 03:04:05.678',
                            '2026-03-04 05:06:07.000', 42),
                        ('user/copy:v1', 'user/copy:v1', ?, '/home/me/Tiny.gguf', '2026-01-03 03:04:05.678', NULL, 0);
                    """, arguments: [digest.description, digest.description])
            try db.execute(sql: "INSERT INTO active VALUES (1, 'tiny:latest')")
            try db.execute(sql: "INSERT INTO unsettled VALUES (?)", arguments: [leftover.description])
        }
        try queue.close()
        return (digest, leftover)
    }

    @Test("keeps its models, their statistics and the active one")
    func migrated() async throws {
        let (digest, leftover) = try await makeVersionOne()
        let store = try await fixture.open()
        let records = try await store.models()
        #expect(records.map(\.name.description) == ["Tiny:latest", "user/copy:v1"])
        let tiny = try #require(records.first)
        #expect(tiny.digest == digest && tiny.identity == digest && tiny.useCount == 42 && tiny.isActive)
        #expect(tiny.files.map(\.role) == [.model] && tiny.files.map(\.name) == ["Tiny.gguf"])
        #expect(tiny.byteCount == tiny.totalByteCount && tiny.parameterCount == 1234 && tiny.quantization == "F16")
        #expect(tiny.capabilities.map(\.rawValue) == ["completion", "chat"] && tiny.hasChatTemplate)
        #expect(tiny.lastUsedAt != nil && tiny.lastVerifiedAt != nil && tiny.provenance == nil)
        #expect(tiny.createdAt < tiny.lastUsedAt ?? .distantPast)
        #expect(!FileManager.default.fileExists(atPath: store.blobURL(for: leftover).path))
        #expect(try await store.check().isConsistent)
    }

    @Test("works on: verified with checksums from then on, registered over, renamed and removed")
    func usable() async throws {
        let (digest, _) = try await makeVersionOne()
        let store = try await fixture.open()
        #expect(try await store.verify("tiny").isIntact)
        #expect(try await store.vault.database.read { try $0.blob(digest) }?.checksums?.values.isEmpty == false)
        _ = try await store.rename("tiny", to: "other")
        #expect(try await store.activeModel()?.name == "other")
        #expect(try await store.remove("user/copy:v1").freedByteCount == 0)
        _ = try await store.register(try fixture.splitModel("other", seed: 3), replacing: true)
        #expect(try fixture.names(in: "blobs").count == 6)
        #expect(try await store.model(named: "other").useCount == 42)
        #expect(try await store.check().isConsistent)
    }

    @Test("is migrated once when many open it at the same time")
    func concurrently() async throws {
        _ = try await makeVersionOne()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 { group.addTask { [fixture] in try await fixture.open().models().count } }
            for try await count in group { #expect(count == 2) }
        }
    }
}

import Foundation
import GRDB
import Security
import Testing

@testable import ModelStore

@Suite("The store's folder")
struct StoreFolderTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func url(_ name: String) -> URL {
        name.isEmpty ? fixture.root : fixture.root.appendingPathComponent(name)
    }

    @Test("is for this user only, whatever was there before")
    func permissions() async throws {
        try FileManager.default.createDirectory(at: url("blobs"), withIntermediateDirectories: true)
        for folder in ["", "blobs"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: url(folder).path)
        }
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.model(), as: "a", linking: .copy)
        for folder in ["", "blobs", "partial"] {
            #expect(try StoreFixture.mode(of: url(folder)) == 0o700, "\(folder)")
        }
        for file in ["roost.db", "roost.db-wal", "roost.db-shm", "store.lock", "blobs/" + record.digest.fileName] {
            #expect(try StoreFixture.mode(of: url(file)) == 0o600, "\(file)")
        }
        #expect(try await store.check().loosePermissions.isEmpty)
    }

    @Test("with wider permissions than it should have is reported")
    func loosePermissions() async throws {
        let store = try await fixture.open()
        for (name, mode) in [("blobs", 0o755), ("roost.db", 0o644)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url(name).path)
        }
        let found = try await store.check().loosePermissions
        #expect(found.map { URL(fileURLWithPath: $0.path).lastPathComponent } == ["blobs", "roost.db"])
        #expect(found.map(\.mode) == [0o755, 0o644])
    }

    @Test("is made with the folders above it")
    func deepFolder() async throws {
        let deep = fixture.folder.appendingPathComponent("a/b/c/store")
        let store = try await ModelStore(root: deep)
        #expect(try await store.models().isEmpty)
        #expect(try StoreFixture.mode(of: deep) == 0o700)
    }

    @Test("checks out: counts, sizes, what does not belong")
    func check() async throws {
        let store = try await fixture.open()
        let a = try await store.importFile(at: try fixture.model("a.gguf", seed: 1), linking: .copy)
        let b = try await store.importFile(at: try fixture.model("b.gguf", seed: 2), linking: .copy)
        _ = try await store.copy("a", to: "c")
        try Data("?".utf8).write(to: url("blobs/notes.txt"))
        let stray = Digest.of(Array("stray".utf8))
        try Data("stray".utf8).write(to: store.blobURL(for: stray))
        try FileManager.default.removeItem(at: store.blobURL(for: b.digest))

        let check = try await store.check()
        #expect(check.modelCount == 3 && check.blobCount == 2)
        #expect(check.blobByteCount == a.byteCount + b.byteCount)
        #expect(check.missing.map(\.names) == [["b"]])
        #expect(check.changed.isEmpty)
        #expect(check.orphans.map(\.lastPathComponent) == [stray.fileName] && check.orphanByteCount == 5)
        #expect(check.foreign.map(\.lastPathComponent) == ["notes.txt"])
        #expect(check.databaseProblems.isEmpty)
        #expect(check.freeByteCount > 0)
        #expect(!check.isConsistent)
    }

    @Test("has a database that notices rows without their content")
    func brokenReference() async throws {
        let store = try await fixture.open()
        _ = try await store.importFile(at: try fixture.model(), as: "a")
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: url("roost.db").path, configuration: configuration)
        try await queue.write { try $0.execute(sql: "DELETE FROM blob") }
        #expect(try await store.check().databaseProblems.count == 2)
        #expect(try await store.models().isEmpty)
    }

    @Test("has a database that keeps a log and puts every commit on the disk")
    func durability() async throws {
        _ = try await fixture.open()
        let database = try StoreDatabase(at: url("roost.db"))
        let settings = try database.writeBlocking { db in
            try ["journal_mode", "synchronous", "foreign_keys"].map { name in
                try String.fetchOne(db, sql: "PRAGMA \(name)") ?? ""
            }
        }
        #expect(settings == ["wal", "2", "1"])
    }
}

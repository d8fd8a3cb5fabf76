import Foundation
import ModelFixtures
import Security
import Testing

@testable import ModelStore

@Suite("Model folders")
struct ModelFolderTests {
    let fixture: StoreFixture
    private var other: URL { fixture.folder.appendingPathComponent("other", isDirectory: true) }

    init() throws { fixture = try StoreFixture() }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("blobs").path).sorted()
    }

    @Test("that are given take new content; what is elsewhere is found where it is")
    func furtherFolder() async throws {
        let store = try await fixture.open()
        let first = try await store.importFile(at: try fixture.model("a.gguf", seed: 1))
        let wider = try await ModelStore(root: fixture.root, modelFolders: [other])
        #expect(try await wider.intake(byteCount: 10).incoming.path == other.appendingPathComponent("incoming").path)
        let second = try await wider.importFile(at: try fixture.model("b.gguf", seed: 2), linking: .copy)
        #expect(try fixture.names(in: "blobs") == [first.digest.fileName])
        #expect(try names(in: other) == [second.digest.fileName])

        // Without it being given again.
        let plain = try await fixture.open()
        #expect(
            try await plain.location(of: "b").path
                == other.appendingPathComponent("blobs/\(second.digest.fileName)").path)
        #expect(try await plain.intake(byteCount: 10).incoming.deletingLastPathComponent().path == fixture.root.path)
        for name in ["a", "b"] as [ModelName] { #expect(try await plain.verify(name).isIntact) }
        #expect(try await plain.check().isConsistent)
        #expect(try await plain.remove("b").freedByteCount == second.byteCount)
        #expect(try names(in: other).isEmpty)
    }

    @Test("that are not mounted fail for their own models only, and are whole when they are back")
    func notMounted() async throws {
        let store = try await ModelStore(root: fixture.root, modelFolders: [fixture.root, other])
        _ = try await store.importFile(at: try fixture.model("a.gguf", seed: 1))
        _ = try await ModelStore(root: fixture.root, modelFolders: [other])
            .importFile(at: try fixture.model("b.gguf", seed: 2))
        let away = fixture.folder.appendingPathComponent("away")
        try FileManager.default.moveItem(at: other, to: away)
        // The empty mount point.
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: false)

        let reopened = try await fixture.open()
        #expect(try await reopened.location(of: "a").isFileURL)
        await #expect(throws: ModelStoreError.folderUnavailable(path: other.path, model: "b")) {
            try await reopened.location(of: "b")
        }
        let check = try await reopened.check()
        #expect(check.unavailableFolders.map(\.path) == [other.path])
        #expect(check.missing.isEmpty && check.changed.isEmpty)
        let verified = try await reopened.verify("b")
        #expect(verified.outcome == .unavailable(folder: other.path))
        await #expect(throws: ModelStoreError.self) {
            try await ModelStore(root: fixture.root, modelFolders: [other]).intake(byteCount: 1)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path).isEmpty, "nothing hides the disk")
        #expect(try await reopened.remove("b").name == "b", "a name can go without its disk")
        _ = try await reopened.importFile(at: try fixture.model("b.gguf", seed: 2), as: "c")

        try FileManager.default.removeItem(at: other)
        try FileManager.default.moveItem(at: away, to: other)
        let back = try await fixture.open()
        #expect(try names(in: other).isEmpty, "the file of the removed name went when its disk came back")
        #expect(try await back.verify("c").isIntact)
        #expect(try await back.check().isConsistent)
    }

    @Test("of other programs are not taken, nor a folder inside one of ours")
    func unusable() async throws {
        let store = try await fixture.open()
        try FileManager.default.createDirectory(
            at: other.appendingPathComponent("blobs"), withIntermediateDirectories: true)
        let theirs = other.appendingPathComponent("blobs/sha256-1")
        try Data("x".utf8).write(to: theirs)
        for url in [other, fixture.root.appendingPathComponent("blobs/x"), theirs] {
            await #expect(throws: ModelStoreError.self, "\(url)") { try await store.move(to: url) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.path) == ["blobs"])
        #expect(try await store.diskUse().folders.count == 1)
    }
}

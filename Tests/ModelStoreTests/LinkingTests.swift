import Foundation
import Testing

@testable import ModelStore

@Suite("Linking")
struct LinkingTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// Whether the blob is the source under a second name (as opposed to a clone or copy).
    private func isShared(_ file: URL, _ blob: URL) throws -> Bool {
        let first = try #require(try FileSystem.status(of: file.path))
        let second = try #require(try FileSystem.status(of: blob.path))
        return first.isSameFile(as: second)
    }

    @Test("on request is never done: the copy is apart from its source")
    func copy() async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        let record = try await store.importFile(at: file, as: "tiny", linking: .copy)
        #expect(try !isShared(file, store.blobURL(for: record.digest)))
        try Data("changed".utf8).write(to: file)
        #expect(try await store.verify("tiny").isIntact)
        #expect(try await store.check().isConsistent)
    }

    @Test("is refused for a file that others may write to")
    func othersMayWrite() async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
        let record = try await store.importFile(at: file, as: "tiny")
        let blob = store.blobURL(for: record.digest)
        #expect(try !isShared(file, blob))
        #expect(try StoreFixture.mode(of: blob) == 0o600)
        #expect(try StoreFixture.mode(of: file) == 0o666)
    }

    @Test("takes no room, and a source that is written to in place is noticed")
    func sourceChangedLater() async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        let record = try await store.importFile(at: file, as: "tiny")
        guard try isShared(file, store.blobURL(for: record.digest)) else {
            // A file system that clones: the source may change as it likes.
            try append("more", to: file)
            #expect(try await store.verify("tiny").isIntact)
            return
        }
        try append("more", to: file)
        #expect(try await store.check().changed.map(\.digest) == [record.digest])
        let error = await #expect(throws: ModelStoreError.self) { try await store.location(of: "tiny") }
        guard case .digestMismatch("tiny", record.digest, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("survives a touched source: the content is hashed again and found intact")
    func touched() async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        let record = try await store.importFile(at: file, as: "tiny")
        let blob = store.blobURL(for: record.digest)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: blob.path)
        #expect(try await store.check().changed.count == 1)
        #expect(try await store.location(of: "tiny") == blob)
        #expect(try await store.check().isConsistent)
    }

    @Test("across file systems becomes a copy", .enabled(if: LinkingTests.otherFileSystem != nil))
    func acrossFileSystems() async throws {
        let other = try #require(Self.otherFileSystem)
        let elsewhere = try StoreFixture(in: other)
        let file = try elsewhere.model()
        let store = try await fixture.open()
        let seen = Collected<ImportProgress.Phase>()
        let record = try await store.importFile(at: file, as: "tiny") { seen.add($0.phase) }
        #expect(seen.all.contains(.copying))
        #expect(try await store.verify("tiny").isIntact)
        #expect(record.digest == (try StoreFixture.digest(of: file)))
    }

    private static var otherFileSystem: URL? {
        let candidates = ["/dev/shm", "/run"].map { URL(fileURLWithPath: $0, isDirectory: true) }
        let here = try? FileSystem.status(of: FileManager.default.temporaryDirectory.path)?.device
        return candidates.first { url in
            guard let device = try? FileSystem.status(of: url.path)?.device else { return false }
            return device != here && FileManager.default.isWritableFile(atPath: url.path)
        }
    }

    private func append(_ text: String, to url: URL) throws {
        let file = try FileHandle(forWritingTo: url)
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
    }
}

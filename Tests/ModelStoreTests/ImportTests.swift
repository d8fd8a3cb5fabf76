import Foundation
import ModelFixtures
import ModelFormats
import Security
import Testing

@testable import ModelStore

@Suite("An import")
struct ImportTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test("keeps the content under its SHA-256 and what the file says of itself", arguments: ImportLinking.allCases)
    func record(linking: ImportLinking) async throws {
        let store = try await fixture.open()
        let file = try fixture.model("Tiny Llama.gguf", chatTemplate: TinyModel.chatML)
        let start = Date()
        let record = try await store.importFile(at: file, linking: linking)

        #expect(record.name == "Tiny-Llama:latest")
        #expect(record.digest == (try StoreFixture.digest(of: file)))
        #expect(record.byteCount == Int64(try Data(contentsOf: file).count))
        #expect(record.format == "gguf")
        #expect(record.architecture == "llama")
        #expect(record.title == "Tiny Llama")
        #expect(record.parameterCount > 0)
        #expect(record.quantization == "F16")
        #expect(record.contextLength == 512)
        #expect((record.embeddingLength ?? 0) > 0)
        #expect(record.hasChatTemplate)
        #expect(record.capabilities.contains(.completion))
        #expect(record.source == file.path)
        // Kept in milliseconds.
        #expect((start - 1...Date()).contains(record.createdAt))
        #expect(record.modifiedAt == record.createdAt)
        #expect(record.lastUsedAt == nil && record.useCount == 0 && !record.isActive)

        let blob = store.blobURL(for: record.digest)
        #expect(blob.lastPathComponent == record.digest.fileName)
        #expect(try Data(contentsOf: blob) == Data(contentsOf: file))
        #expect(try await store.location(of: record.name) == blob)
        #expect(try await store.models() == [record])
        #expect(try await store.model(named: record.name) == record)
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("survives the store's closing")
    func reopening() async throws {
        let record = try await fixture.open().importFile(at: try fixture.model(), as: "tiny:v1")
        let store = try await fixture.open()
        #expect(try await store.models() == [record])
        #expect(try await store.verify("tiny:v1").isIntact)
    }

    @Test("reports progress that reaches its end in each phase", arguments: ImportLinking.allCases)
    func progress(linking: ImportLinking) async throws {
        let store = try await fixture.open()
        let file = try fixture.paddedModel(paddingByteCount: 5 << 20)
        let seen = Collected<ImportProgress>()
        _ = try await store.importFile(at: file, as: "padded", linking: linking) { seen.add($0) }
        let phases = seen.all.map(\.phase)
        #expect(phases.first == .validating && phases.last == .committing)
        for phase in [ImportProgress.Phase.hashing, .copying] {
            let states = seen.all.filter { $0.phase == phase }
            #expect(states.map(\.completed) == states.map(\.completed).sorted())
            if let last = states.last { #expect(last.completed == last.total && states.count >= 5) }
        }
        #expect(phases.contains(.copying) || phases.contains(.hashing))
        if linking == .copy { #expect(phases.contains(.copying)) }
    }

    @Test("of the same content again changes nothing, and a second name shares the file")
    func sameContent() async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        let first = try await store.importFile(at: file, as: "tiny")
        let again = try await store.importFile(at: file, as: "TINY", linking: .copy)
        let second = try await store.importFile(at: file, as: "other", linking: .copy)
        #expect(again.name.description == "tiny:latest" && again.digest == first.digest)
        #expect(second.digest == first.digest)
        #expect(try await store.models().map(\.name) == ["other", "tiny"])
        #expect(try fixture.names(in: "blobs") == [first.digest.fileName])
    }

    @Test("does not take a name from other content unless told to")
    func takenName() async throws {
        let store = try await fixture.open()
        let first = try await store.importFile(at: try fixture.model(seed: 1), as: "tiny")
        let other = try fixture.model("other.gguf", seed: 2)
        await #expect(throws: ModelStoreError.alreadyExists("tiny", digest: first.digest)) {
            try await store.importFile(at: other, as: "tiny")
        }
        let larger = try fixture.paddedModel(paddingByteCount: 1 << 20)
        let seen = Collected<ImportProgress>()
        await #expect(throws: ModelStoreError.alreadyExists("tiny", digest: first.digest)) {
            try await store.importFile(at: larger, as: "tiny") { seen.add($0) }
        }
        #expect(!seen.all.contains { $0.phase != .validating }, "nothing is copied for what is refused")
        #expect(try await store.models() == [first])
        #expect(try fixture.names(in: "blobs") == [first.digest.fileName])

        try await store.setActive("tiny")
        try await store.recordUse(of: "tiny")
        let second = try await store.importFile(at: other, as: "tiny", replacing: true)
        #expect(second.digest != first.digest)
        #expect(second.isActive && second.useCount == 1)
        #expect(try fixture.names(in: "blobs") == [second.digest.fileName], "the content that has no name left is gone")
        #expect(try await store.check().isConsistent)
    }

    @Test("follows symbolic links and leaves the source where it is")
    func symbolicLink() async throws {
        let store = try await fixture.open()
        let file = try fixture.model("real/file.gguf")
        let link = fixture.folder.appendingPathComponent("link.gguf")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
        let record = try await store.importFile(at: link)
        #expect(record.name == "link")
        let blob = try #require(
            try FileSystem.status(of: store.blobURL(for: record.digest).path, followingLinks: false))
        #expect(blob.kind == .file)
        _ = try await store.remove("link")
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test("notes the origin it is told")
    func source() async throws {
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.model(), source: "https://example.org/tiny.gguf")
        #expect(record.source == "https://example.org/tiny.gguf")
    }

    @Test("asks for a name when the file's name gives none")
    func unusableFileName() async throws {
        let store = try await fixture.open()
        let file = try fixture.model("模型.gguf")
        await #expect(throws: ModelStoreError.self) { try await store.importFile(at: file) }
        #expect(try await store.importFile(at: file, as: "model").name == "model")
    }

    @Test("mends a damaged blob of the same content", arguments: [true, false])
    func mending(isMissing: Bool) async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        let record = try await store.importFile(at: file, as: "tiny", linking: .copy)
        let blob = store.blobURL(for: record.digest)
        if isMissing {
            try FileManager.default.removeItem(at: blob)
        } else {
            try Data("damaged".utf8).write(to: blob)
        }
        #expect(try await store.check().isConsistent == false)
        _ = try await store.importFile(at: file, as: "tiny")
        #expect(try await store.verify("tiny").isIntact)
        #expect(try await store.check().isConsistent)
    }
}

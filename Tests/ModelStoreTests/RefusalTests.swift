import Foundation
import ModelFixtures
import ModelFormats
import Security
import Testing

@testable import ModelStore

/// What is handed over and wrong changes nothing in the store and is put aside with a reason.
@Suite("What is not what it should be")
struct RefusalTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    enum Fault: CaseIterable {
        case damagedPart, partTwice, partOfAnother, wrongProjector, adapterOfAnother, brokenParameters, notText
        case wrongDigest, wrongSize
    }

    private func model(with fault: Fault) throws -> (IncomingModel, bad: Int, reason: String) {
        var model = try fixture.splitModel(isVerified: fault != .wrongDigest)
        let last = model.files.count
        switch fault {
        case .damagedPart:
            let bytes = try TinyModel.llama().parts(3)[1].bytes()
            model.files[1] = try fixture.arrived(Array(bytes.dropLast(100)), role: .shard, index: 1, count: 3)
            return (model, 1, "ends at byte")
        case .partTwice:
            model.files[2] = model.files[1]
            model.files[2].index = 2
            return (model, 2, "stands as part 2 of 3")
        case .partOfAnother:
            var part = TinyModel.llama(seed: 5).parts(3)[2]
            part["split.tensors.count"] = .int32(500)
            model.files[2] = try fixture.arrived(try part.bytes(), role: .shard, index: 2, count: 3)
            return (model, 2, "tensors")
        case .wrongProjector:
            model.files[3] = try fixture.arrived(try TinyModel.llama(seed: 9).bytes(), role: .projector)
            return (model, 3, "not a projector")
        case .adapterOfAnother:
            let adapter = try TinyModel.adapter(architecture: "qwen2").bytes()
            model.files.append(try fixture.arrived(adapter, role: .adapter))
            return (model, last, "another architecture")
        case .brokenParameters:
            model.files.append(try fixture.arrived(Array("[1, 2".utf8), role: .parameters))
            return (model, last, "JSON object")
        case .notText:
            model.files.append(try fixture.arrived([0xFF, 0xFE, 0x00], role: .system))
            return (model, last, "UTF-8")
        case .wrongDigest:
            let url = try #require(model.files[1].url)
            var bytes = [UInt8](try Data(contentsOf: url))
            bytes[bytes.count - 1] ^= 1
            try Data(bytes).write(to: url)
            return (model, 1, "instead of")
        case .wrongSize:
            model.files[0].byteCount = (model.files[0].byteCount ?? 0) + 1
            return (model, 0, "bytes instead of")
        }
    }

    @Test("is put into quarantine with its reason, and nothing else happens", arguments: Fault.allCases)
    func quarantined(fault: Fault) async throws {
        let store = try await fixture.open()
        let kept = try await store.importFile(at: try fixture.model(seed: 77), as: "kept")
        let (model, bad, reason) = try model(with: fault)
        let url = try #require(model.files[bad].url)
        let error = await #expect(throws: ModelStoreError.self) {
            try await store.register(model, replacing: false)
        }
        #expect(error?.description.contains("quarantine") == true, "\(String(describing: error))")
        let files = try await store.quarantinedFiles()
        #expect(files.map(\.url.lastPathComponent) == [url.lastPathComponent])
        #expect(files.first?.reason?.contains(reason) == true, "\(String(describing: files.first?.reason))")
        #expect(!FileManager.default.fileExists(atPath: url.path))

        #expect(try await store.models() == [kept])
        #expect(try fixture.names(in: "blobs") == [kept.digest.fileName])
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try await store.check().isConsistent)
        #expect(try await store.clearQuarantine() > 0)
        #expect(try fixture.names(in: "quarantine").isEmpty)
    }

    @Test("stays where it is when it is somebody else's")
    func foreignFile() async throws {
        let store = try await fixture.open()
        let url = fixture.folder.appendingPathComponent("bad.gguf")
        try Data("GGUF but not really".utf8).write(to: url)
        let file = IncomingFile(
            role: .model, name: "bad.gguf", digest: try StoreFixture.digest(of: url), byteCount: 19, url: url,
            isVerified: false, mayLink: true)
        let model = IncomingModel(name: "bad", files: [file], provenance: StoreFixture.provenance)
        await #expect(throws: ModelStoreError.self) { try await store.register(model, replacing: false) }
        #expect(FileManager.default.fileExists(atPath: url.path))
        #expect(try await store.quarantinedFiles().isEmpty)
    }

    @Test(
        "in a name at the source never becomes a path",
        arguments: ["../../../etc/passwd", "/etc/passwd", "a/../../b", "\0", "..", "bell\u{7}\n", ""])
    func hostileNames(name: String) async throws {
        let store = try await fixture.open()
        var model = try fixture.singleModel()
        model.files[0].name = name
        model.files[0].source = name
        let record = try await store.register(model, replacing: false)
        #expect(record.files.first?.name == name.filter { $0 != "\0" })
        #expect(record.files.first?.path == store.blobURL(for: record.digest).path)
        let around = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
        #expect(around == ["store"])

        // And in quarantine, which keeps the name in its note alone.
        var bad = try fixture.singleModel("bad", seed: 6)
        bad.files[0] = try fixture.arrived(Array("no model".utf8), role: .model, name: name)
        let error = await #expect(throws: ModelStoreError.self) {
            try await store.register(bad, replacing: false)
        }
        #expect(error?.description.unicodeScalars.allSatisfy { $0.value >= 32 } == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path) == ["store"])
        #expect(try fixture.names(in: "quarantine").count == 2)
    }

    @Test("in the list of parts is refused before anything is read")
    func partList() async throws {
        let store = try await fixture.open()
        let whole = try fixture.splitModel()
        var model = whole
        model.files.removeAll { $0.index == 1 }
        await #expect(throws: ModelStoreError.self) { try await store.register(model, replacing: false) }
        model = whole
        model.files.removeAll { $0.role == .shard }
        await #expect(throws: ModelStoreError.noWeights) { try await store.register(model, replacing: false) }
        model = whole
        model.files.append(try fixture.arrived(try TinyModel.llama(seed: 3).bytes(), role: .model))
        await #expect(throws: ModelStoreError.noWeights) { try await store.register(model, replacing: false) }
        #expect(try fixture.names(in: "blobs").isEmpty)
        #expect(try await store.register(whole, replacing: false).files.count == 6, "what was brought is still there")
    }
}

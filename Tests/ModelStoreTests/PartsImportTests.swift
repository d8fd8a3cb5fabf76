import Foundation
import ModelFixtures
import ModelFormats
import Testing

@testable import ModelStore

@Suite("An import of a model in several files")
struct PartsImportTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func writeParts(_ stem: String, seed: UInt64 = 1, in folder: String = "models") throws -> [URL] {
        try TinyModel.llama(seed: seed).parts(3).enumerated().map { index, part in
            let url = fixture.folder.appendingPathComponent("\(folder)/\(stem)-0000\(index + 1)-of-00003.gguf")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try part.write(to: url)
            return url
        }
    }

    @Test("takes all parts, whichever one is named, and no others of the folder", arguments: 0..<3)
    func anyPart(index: Int) async throws {
        let store = try await fixture.open()
        let parts = try writeParts("Tiny-Llama")
        _ = try writeParts("Tiny-Llama-Other", seed: 2)
        try TinyModel.projector().write(to: fixture.folder.appendingPathComponent("models/mmproj.gguf"))
        let record = try await store.importFile(at: parts[index])
        #expect(record.name == "Tiny-Llama")
        #expect(record.files.map(\.role) == [.shard, .shard, .shard])
        #expect(record.files.map(\.name) == parts.map(\.lastPathComponent))
        #expect(record.files.map(\.source) == parts.map(\.path))
        let whole = ModelSummary(
            header: try GGUFReader.open(try fixture.model(), access: .copied).header)
        #expect(record.parameterCount == whole.parameterCount && record.contextLength == whole.contextLength)
        #expect(try await store.check().isConsistent)
    }

    @Test("names the parts that are missing")
    func missingParts() async throws {
        let store = try await fixture.open()
        let parts = try writeParts("tiny")
        try FileManager.default.removeItem(at: parts[1])
        await #expect(
            throws: ModelStoreError.missingParts(
                ["tiny-00002-of-00003.gguf"], folder: parts[0].deletingLastPathComponent().path)
        ) { try await store.importFile(at: parts[0]) }
        #expect(try await store.models().isEmpty)
    }

    @Test("refuses parts that are named in another order than they are")
    func swappedParts() async throws {
        let store = try await fixture.open()
        let parts = try writeParts("tiny")
        let aside = fixture.folder.appendingPathComponent("aside")
        try FileManager.default.moveItem(at: parts[1], to: aside)
        try FileManager.default.moveItem(at: parts[2], to: parts[1])
        try FileManager.default.moveItem(at: aside, to: parts[2])
        let error = await #expect(throws: ModelStoreError.self) { try await store.importFile(at: parts[0]) }
        #expect(error?.description.contains("stands as part 1 of 3") == true)
    }

    @Test("of a folder takes the one model in it with its projector, and names the choices when there are more")
    func folders() async throws {
        let store = try await fixture.open()
        let folder = try writeParts("tiny")[0].deletingLastPathComponent()
        try TinyModel.projector().write(to: folder.appendingPathComponent("mmproj.gguf"))
        try Data("notes".utf8).write(to: folder.appendingPathComponent("README.md"))
        let record = try await store.importFile(at: folder)
        #expect(record.files.map(\.role) == [.shard, .shard, .shard, .projector])
        #expect(record.capabilities.contains(.vision))

        try TinyModel.llama(seed: 4).write(to: folder.appendingPathComponent("another.gguf"))
        await #expect(
            throws: ModelStoreError.ambiguousFolder(
                path: folder.path, choices: ["another.gguf", "tiny-00001-of-00003.gguf"])
        ) { try await store.importFile(at: folder, as: "x") }
    }

    @Test(
        "knows names of parts from other names",
        arguments: [
            ("a-00001-of-00003.gguf", 1, 3), ("a-b-of-c-00002-of-00002.GGUF", 2, 2), ("-00001-of-00001.gguf", 1, 1),
            ("a-00004-of-00003.gguf", nil, nil), ("a-00000-of-00003.gguf", nil, nil), ("a-1-of-3.gguf", nil, nil),
            ("a-00001-of-00003.bin", nil, nil), ("a-+0001-of-00003.gguf", nil, nil), ("00001-of-00003.gguf", nil, nil),
            ("a-00001-of-99999.gguf", nil, nil), ("", nil, nil),
        ] as [(String, Int?, Int?)])
    func partNames(text: String, number: Int?, count: Int?) {
        let part = PartName(text)
        #expect(part?.number == number && part?.count == count)
        if let part { #expect(part.all.count == count && part.fileName.lowercased() == text.lowercased()) }
    }

    @Test("a template in Ollama's own language leaves the one in the weights")
    func goTemplate() async throws {
        let store = try await fixture.open()
        let bytes = try TinyModel.llama(chatTemplate: TinyModel.chatML).bytes()
        var files = [try fixture.arrived(bytes, role: .model)]
        files.append(try fixture.arrived(Array("{{ if .System }}{{ .System }}{{ end }}".utf8), role: .template))
        files.append(try fixture.arrived(Array("You are a tree.".utf8), role: .system))
        files.append(try fixture.arrived(Array(#"{"stop": ["<end>"]}"#.utf8), role: .parameters))
        let model = IncomingModel(name: "go", files: files, provenance: StoreFixture.provenance)
        let record = try await store.register(model, replacing: false)
        #expect(record.hasChatTemplate)
        #expect(try await store.templateOverride(of: "go") == nil)
        #expect(try await store.chatTemplate(of: "go") == TinyModel.chatML)
        #expect(try await store.texts(of: "go", role: .system) == ["You are a tree."])
        #expect(try await store.licenseText(of: "go") == nil)
    }
}

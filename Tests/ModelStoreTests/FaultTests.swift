import Foundation
import GRDB
import ModelFixtures
import ModelFormats
import Security
import Testing

@testable import ModelStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("A fault")
struct FaultTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// Imports and expects an error that says `text`, and a store that is as before.
    private func expectRefusal(_ url: URL, saying text: String, linking: ImportLinking = .automatic) async throws {
        let store = try await fixture.open()
        let kept = try await store.importFile(at: try fixture.model("kept.gguf", seed: 99))
        let error = await #expect(throws: ModelStoreError.self) {
            try await store.importFile(at: url, as: "refused", linking: linking)
        }
        #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        #expect(try await store.models() == [kept])
        #expect(try fixture.names(in: "blobs") == [kept.digest.fileName])
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("in the path is named: nothing there, a folder, a pipe, a circle of links, a file in the way")
    func paths() async throws {
        func path(_ name: String) -> URL { fixture.folder.appendingPathComponent(name) }
        try await expectRefusal(path("nothing.gguf"), saying: "No such file")
        try FileManager.default.createDirectory(at: path("folder.gguf"), withIntermediateDirectories: false)
        try await expectRefusal(path("folder.gguf"), saying: "no .gguf file with weights in")
        try retrying("create", "pipe") { mkfifo(path("pipe.gguf").path, 0o600) }
        try await expectRefusal(path("pipe.gguf"), saying: "is a pipe, not a file")
        try FileManager.default.createSymbolicLink(atPath: path("one").path, withDestinationPath: "two")
        try FileManager.default.createSymbolicLink(atPath: path("two").path, withDestinationPath: "one")
        try await expectRefusal(path("one"), saying: "in a circle")
        try await expectRefusal(path("kept.gguf/below.gguf"), saying: "Not a directory")
        try await expectRefusal(URL(fileURLWithPath: "/dev/null"), saying: "is a device, not a file")
        let control = path("bell\u{7}\n.gguf")
        try await expectRefusal(control, saying: #"bell\u{07}\n.gguf"#)
    }

    @Test("in the content is refused: empty, text, a header alone, a model cut short", arguments: 0..<4)
    func contents(index: Int) async throws {
        let model = try Data(contentsOf: try fixture.model())
        let contents = [Data(), Data("not a model".utf8), model.prefix(24), model.prefix(model.count - 1000)]
        let url = fixture.folder.appendingPathComponent("bad.gguf")
        try contents[index].write(to: url)
        try await expectRefusal(url, saying: "is not a model that Roost can use")
    }

    @Test("in what the model is: a part, an adapter, a projector is refused as such", arguments: 0..<3)
    func incompleteModels(index: Int) async throws {
        let url = fixture.folder.appendingPathComponent("model-00002-of-00003.gguf")
        var model = TinyModel.llama()
        switch index {
        case 0:
            model["split.no"] = .uint16(1)
            model["split.count"] = .uint16(3)
            model["split.tensors.count"] = .int32(Int32(1000))
        case 1: model["general.type"] = .string("adapter")
        default: model["general.architecture"] = .string("clip")
        }
        try model.write(to: url)
        let reasons = [
            "parts “model-00001-of-00003.gguf”, “model-00003-of-00003.gguf” are not in", "an adapter (LoRA)",
            "the projector (mmproj)",
        ]
        try await expectRefusal(url, saying: reasons[index])
    }

    @Test("too little room is said before anything is copied, with the numbers")
    func noRoom() async throws {
        let free = try FileSystem.freeByteCount(at: fixture.folder.path)
        let wanted = UInt64(clamping: free).advanced(by: 1 << 40)
        let file = try fixture.sparseModel(paddingByteCount: wanted)
        let store = try await fixture.open()
        let error = await #expect(throws: ModelStoreError.self) {
            try await store.importFile(at: file, linking: .copy)
        }
        guard case .noSpace(_, let needed, let available)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed >= Int64(wanted) - (1 << 22) && available < needed)
        #expect(try fixture.names(in: "partial").isEmpty)
    }

    #if os(Linux)
        @Test("a disk that fills up during the copy is said to be full")
        func fullDisk() throws {
            let file = try OpenFile.reading(try fixture.model().path)
            let full = try OpenFile.readingAndWriting("/dev/full")
            let size = try file.status().byteCount
            let error = #expect(throws: ModelStoreError.self) {
                try ContentReading(cancellation: Cancellation(), progress: { _ in })
                    .copy(file, to: full, byteCount: size, folder: fixture.folder.path)
            }
            guard case .noSpace(fixture.folder.path, size, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    #endif

    enum Change: CaseIterable { case grows, shrinks, isRewritten }

    @Test("a source that changes under the import is refused", arguments: Change.allCases, ImportLinking.allCases)
    func changingSource(change: Change, linking: ImportLinking) async throws {
        let store = try await fixture.open()
        let file = try fixture.paddedModel(paddingByteCount: 4 << 20)
        let errors = Collected<any Error>()
        let isDone = Collected<Bool>()
        let error = await #expect(throws: ModelStoreError.self) {
            try await store.importFile(at: file, as: "a", linking: linking) { progress in
                guard progress.phase == .copying || progress.phase == .hashing, isDone.all.isEmpty else { return }
                isDone.add(true)
                do {
                    let handle = try FileHandle(forUpdating: file)
                    defer { try? handle.close() }
                    let end = try handle.seekToEnd()
                    switch change {
                    case .grows: try handle.write(contentsOf: Data(repeating: 1, count: 4096))
                    case .shrinks: try handle.truncate(atOffset: end - 4096)
                    case .isRewritten:
                        try handle.seek(toOffset: end - 10)
                        try handle.write(contentsOf: Data([1]))
                        try StoreFixture.setModificationTime(1_000_000_000_000_000_001, of: file)
                    }
                } catch {
                    errors.add(error)
                }
            }
        }
        #expect(errors.all.isEmpty)
        #expect(error == .sourceChanged(path: file.path), "\(String(describing: error))")
        #expect(try await store.models().isEmpty)
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try fixture.names(in: "blobs").isEmpty)
    }

    @Test("in the permissions of the source is named", .enabled(if: geteuid() != 0, "root may read everything"))
    func unreadableSource() async throws {
        let file = try fixture.model()
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
        try await expectRefusal(file, saying: "Permission denied; check who owns it")
    }

    @Test("a store's folder that cannot be is named", arguments: ["/dev/null/store", "/proc/roost-store"])
    func impossibleFolder(path: String) async throws {
        let error = await #expect(throws: ModelStoreError.self) {
            try await ModelStore(root: URL(fileURLWithPath: path))
        }
        let above = URL(fileURLWithPath: path).deletingLastPathComponent().path
        #expect(error?.description.contains(above) == true, "\(String(describing: error))")
    }

    @Test("a damaged database is an error that keeps the file")
    func damagedDatabase() async throws {
        try FileManager.default.createDirectory(at: fixture.root, withIntermediateDirectories: true)
        let database = fixture.root.appendingPathComponent("roost.db")
        let garbage = Data(repeating: 0x5A, count: 8192)
        try garbage.write(to: database)
        let error = await #expect(throws: ModelStoreError.self) { try await fixture.open() }
        #expect(error?.description.contains("damaged") == true, "\(String(describing: error))")
        #expect(try Data(contentsOf: database) == garbage)
    }

    @Test("a database from a newer program is left alone")
    func newerDatabase() async throws {
        _ = try await fixture.open()
        let path = fixture.root.appendingPathComponent("roost.db").path
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99: from the future')")
        }
        await #expect(throws: ModelStoreError.newerDatabase(path: path)) { try await fixture.open() }
    }
}

import Foundation
import ModelFixtures
import ModelStore
import Security
import Testing
import Waiting

@Suite("Contents that are sent")
struct UploadTests {
    private func withStore(_ body: (ModelStore, URL) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "roost-upload-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try await body(try await ModelStore(root: root), root)
    }

    private func incoming(_ root: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "incoming").path)) ?? []
    }

    @Test("A content that is whole waits for its model, which takes it over")
    func whole() async throws {
        let bytes = try TinyModel.llama().bytes()
        let digest = Digest.of(bytes)
        try await withStore { store, root in
            #expect(try await !store.holds(digest))
            let upload = try await store.receive(digest, byteCount: Int64(bytes.count))
            for start in stride(from: 0, to: bytes.count, by: 10_000) {
                try await upload.write(Array(bytes[start..<min(start + 10_000, bytes.count)]))
            }
            #expect(try await !store.holds(digest))
            try await upload.finish()
            #expect(try await store.holds(digest))
            #expect(try await !store.contains(digest))
            #expect(incoming(root) == [digest.fileName])

            let files = try await store.incomingFiles([("model.gguf", digest)]).compactMap(\.self)
            #expect(files.map(\.role) == [.model])
            let model = IncomingModel(
                name: try ModelName(parsing: "sent"), files: files,
                provenance: Provenance(hub: Provenance.created, reference: "files", retrievedAt: Date()))
            let record = try await store.register(model, replacing: false)
            #expect(record.digest == digest)
            #expect(incoming(root).isEmpty)
            #expect(try await store.holds(digest))
        }
    }

    @Test("Another content than was said is refused, and nothing is left of it")
    func mismatch() async throws {
        try await withStore { store, root in
            let upload = try await store.receive(Digest.of([1, 2, 3]), byteCount: nil)
            try await upload.write([1, 2, 4])
            let error = await #expect(throws: ModelStoreError.self) { try await upload.finish() }
            guard case .contentMismatch(_, Digest.of([1, 2, 3]), Digest.of([1, 2, 4])) = error else {
                throw try #require(error)
            }
            #expect(incoming(root).isEmpty)
        }
    }

    @Test("An upload that is given up or forgotten leaves nothing")
    func abandoned() async throws {
        try await withStore { store, root in
            let upload = try await store.receive(Digest.of([1]), byteCount: 1)
            try await upload.write([1])
            #expect(incoming(root).count == 1)
            await upload.discard()
            #expect(incoming(root).isEmpty)
            await #expect(throws: Never.self) { try await upload.finish() }
            #expect(try await !store.holds(Digest.of([1])))
            var forgotten: ContentUpload? = try await store.receive(Digest.of([1]), byteCount: 1)
            try await forgotten?.write([1])
            forgotten = nil
            // The thread that wrote may let go of it a moment after its answer is here.
            #expect(try await eventually { incoming(root).isEmpty })
        }
    }

    @Test("More than the disk has room for is refused before the first byte")
    func noSpace() async throws {
        try await withStore { store, root in
            await #expect(throws: ModelStoreError.self) { try await store.receive(Digest.of([1]), byteCount: .max) }
            #expect(incoming(root).isEmpty)
        }
    }

    @Test("What each file is to a model it says itself")
    func roles() async throws {
        try await withStore { store, _ in
            let contents = [try TinyModel.llama().bytes(), try TinyModel.adapter().bytes(), Array("text".utf8)]
            for bytes in contents {
                let upload = try await store.receive(Digest.of(bytes), byteCount: nil)
                try await upload.write(bytes)
                try await upload.finish()
            }
            let digests = contents.map { Digest.of($0) }
            let files = try await store.incomingFiles([("a", digests[0]), ("b", digests[1]), ("c", Digest.of([9]))])
            #expect(files.map { $0?.role } == [.model, .adapter, nil])
            await #expect(throws: ModelStoreError.self) { try await store.incomingFiles([("notes.txt", digests[2])]) }
        }
    }
}

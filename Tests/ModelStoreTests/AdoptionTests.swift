import Foundation
import ModelFixtures
import Security
import Testing

@testable import ModelStore

@Suite("Adoption")
struct AdoptionTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func model(_ url: URL) throws -> IncomingModel {
        let status = try #require(try FileSystem.status(of: url.path))
        let file = IncomingFile(
            role: .model, name: url.lastPathComponent, digest: try StoreFixture.digest(of: url),
            byteCount: status.byteCount, url: url, isVerified: false, source: url.path, mayLink: true)
        return IncomingModel(name: "adopted", files: [file], provenance: StoreFixture.provenance)
    }

    @Test("links: the same file under a second name, which stays when the first goes")
    func linked() async throws {
        let store = try await fixture.open()
        let url = try fixture.model("elsewhere/blob", seed: 3)
        let before = try #require(try FileSystem.status(of: url.path))
        let record = try await store.register(try model(url), replacing: false)
        let path = try #require(record.files.first?.path)
        #expect(try FileSystem.status(of: path)?.isSameContent(as: before) == true)
        #expect(FileManager.default.fileExists(atPath: url.path))
        try FileManager.default.removeItem(at: url)
        #expect(try await store.verify("adopted").isIntact)
    }

    @Test("copies only when told to")
    func copied() async throws {
        let store = try await fixture.open()
        let url = try fixture.model("elsewhere/blob", seed: 3)
        let before = try #require(try FileSystem.status(of: url.path))
        let record = try await store.register(try model(url), replacing: false, linking: .copy)
        let path = try #require(record.files.first?.path)
        #expect(try FileSystem.status(of: path)?.isSameFile(as: before) == false)
    }

    @Test("of a file that anybody may write to is refused, with the way to copy it")
    func writableByAll() async throws {
        let store = try await fixture.open()
        let url = try fixture.model("elsewhere/blob", seed: 3)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: url.path)
        let error = await #expect(throws: ModelStoreError.self) {
            try await store.register(try model(url), replacing: false)
        }
        #expect(error?.description.contains("--copy") == true)
        #expect(try await store.models().isEmpty)
    }

    #if os(Linux)
        @Test("from another file system says so", .enabled(if: Self.hasOtherFileSystem))
        func otherFileSystem() async throws {
            let store = try await fixture.open()
            let folder = URL(fileURLWithPath: "/dev/shm/roost-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let url = folder.appendingPathComponent("model.gguf")
            try TinyModel.llama(seed: 3).write(to: url)
            let error = await #expect(throws: ModelStoreError.self) {
                try await store.register(try model(url), replacing: false)
            }
            #expect(error?.description.contains("on another file system") == true)
            #expect(error?.description.contains("--copy") == true)
            #expect(try await store.register(try model(url), replacing: false, linking: .automatic).files.count == 1)
        }

        static var hasOtherFileSystem: Bool {
            let other = try? FileSystem.status(of: "/dev/shm")?.device
            let here = try? FileSystem.status(of: FileManager.default.temporaryDirectory.path)?.device
            return other != nil && other != here
        }
    #endif
}

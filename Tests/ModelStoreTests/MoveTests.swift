import Foundation
import ModelFixtures
import Security
import Testing

@testable import ModelStore

@Suite("A move of the model folder")
struct MoveTests {
    let fixture: StoreFixture
    private var target: URL { fixture.folder.appendingPathComponent("disk/models", isDirectory: true) }

    init() throws { fixture = try StoreFixture() }

    private func fill(_ store: ModelStore) async throws {
        _ = try await store.register(try fixture.splitModel("split"), replacing: false)
        _ = try await store.register(try fixture.singleModel("single", seed: 7), replacing: false)
        _ = try await store.copy("single", to: "second")
    }

    @Test("on one file system copies nothing, and new content goes to the new place")
    func sameFileSystem() async throws {
        let store = try await fixture.open()
        try await fill(store)
        let before = try await store.models()
        let path = try #require(before.first?.files.first?.path)
        let inode = try #require(try FileSystem.status(of: path)).inode
        let result = try await store.move(to: target)
        #expect(result.contentCount == 7 && result.copiedByteCount == 0 && result.leftBehind.isEmpty)
        #expect(try fixture.names(in: "blobs").isEmpty)
        let after = try await store.models()
        #expect(after.map(\.identity) == before.map(\.identity))
        let moved = try #require(after.first?.files.first?.path)
        #expect(moved.hasPrefix(target.path))
        #expect(try FileSystem.status(of: moved)?.inode == inode)
        for record in after { #expect(try await store.verify(record.name).isIntact) }
        #expect(try await store.check().isConsistent)

        let reopened = try await fixture.open()
        let next = try await reopened.importFile(at: try fixture.model(seed: 8), as: "next")
        #expect(next.files.first?.path.hasPrefix(target.path) == true)
        #expect(try await reopened.move(to: target).contentCount == 0)
        #expect(try await reopened.move(to: fixture.root).contentCount == 8, "and back")
        #expect(try fixture.names(in: "blobs").count == 8)
        #expect(try await reopened.check().isConsistent)
    }

    #if os(Linux)
        @Test("to another file system copies, checks and then removes", .enabled(if: AdoptionTests.hasOtherFileSystem))
        func otherFileSystem() async throws {
            let store = try await fixture.open()
            try await fill(store)
            let folder = URL(fileURLWithPath: "/dev/shm/roost-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let damaged = try await store.importFile(at: try fixture.model(seed: 9), as: "damaged", linking: .copy)
            let path = try #require(damaged.files.first?.path)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try (bytes.dropLast(1) + Data([bytes[bytes.count - 1] ^ 1])).write(to: URL(fileURLWithPath: path))

            let seen = Collected<ImportProgress>()
            let result = try await store.move(to: folder) { seen.add($0) }
            #expect(result.contentCount == 7 && result.copiedByteCount == result.byteCount)
            #expect(result.leftBehind == ["damaged"])
            #expect(try fixture.names(in: "blobs") == [damaged.digest.fileName])
            #expect(zip(seen.all, seen.all.dropFirst()).allSatisfy { $0.completed <= $1.completed })
            for name in ["split", "single", "second"] as [ModelName] {
                #expect(try await store.verify(name).isIntact)
                #expect(try await store.location(of: name).path.hasPrefix(folder.path))
            }
        }

        @Test("to a disk without room changes nothing", .enabled(if: AdoptionTests.hasOtherFileSystem))
        func noRoom() async throws {
            let store = try await fixture.open()
            let free = try FileSystem.freeByteCount(at: "/dev/shm")
            let file = try fixture.sparseModel(paddingByteCount: UInt64(free) + (1 << 40))
            let size = try #require(try FileSystem.status(of: file.path)).byteCount
            // Said to be verified, so that terabytes of nothing need not be hashed.
            let model = IncomingModel(
                name: "huge",
                files: [
                    IncomingFile(
                        role: .model, name: "huge.gguf", digest: Digest.of([1]), byteCount: size, url: file,
                        isVerified: true)
                ], provenance: StoreFixture.provenance)
            let record = try await store.register(model, replacing: false)
            let folder = URL(fileURLWithPath: "/dev/shm/roost-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let error = await #expect(throws: ModelStoreError.self) { try await store.move(to: folder) }
            guard case .noSpace(_, let needed, let available)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(needed == size && available < size)
            #expect(!FileManager.default.fileExists(atPath: folder.path))
            #expect(try await store.models() == [record])
            #expect(try await store.diskUse().folders.count == 1)
            #expect(try await store.check().isConsistent)
        }
    #endif

    @Test("of many processes at once, while others use the store, ends in one place")
    func concurrent() async throws {
        try await fill(try await fixture.open())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<3 {
                group.addTask { [fixture, target] in
                    let store = try await fixture.open()
                    _ = try await store.move(to: target)
                    _ = try await store.importFile(
                        at: try fixture.model("\(index).gguf", seed: UInt64(40 + index)), as: nil)
                }
            }
            try await group.waitForAll()
        }
        let store = try await fixture.open()
        #expect(try await store.move(to: target).leftBehind.isEmpty)
        #expect(try fixture.names(in: "blobs").isEmpty)
        for record in try await store.models() { #expect(try await store.verify(record.name).isIntact) }
        #expect(try await store.check().isConsistent)
    }
}

import Foundation
import ModelFixtures
import Testing

@testable import ModelStore

@Suite("Stores on one folder at once")
struct ConcurrencyTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test("opened many times from nothing agree on one database")
    func opening() async throws {
        let fixture = fixture
        let stores = try await withThrowingTaskGroup(of: ModelStore.self) { group in
            for _ in 0..<8 { group.addTask { try await fixture.open() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let record = try await stores[0].importFile(at: try fixture.model(), as: "a")
        for store in stores { #expect(try await store.models() == [record]) }
    }

    @Test("importing the same content keep it once")
    func sameContent() async throws {
        let file = try fixture.model()
        let stores = [try await fixture.open(), try await fixture.open()]
        try await withThrowingTaskGroup { group in
            for index in 0..<12 {
                group.addTask {
                    let name = try ModelName(parsing: "model-\(index)")
                    let linking: ImportLinking = index % 3 == 0 ? .automatic : .copy
                    _ = try await stores[index % 2].importFile(at: file, as: name, linking: linking)
                }
            }
            try await group.waitForAll()
        }
        let check = try await stores[0].check()
        #expect(check.isConsistent && check.modelCount == 12 && check.blobCount == 1, "\(check)")
        #expect(try fixture.names(in: "blobs").count == 1)
        #expect(try fixture.names(in: "partial").isEmpty)
    }

    @Test("importing and removing the same content never lose it or leave it over", arguments: [1, 2, 3])
    func importAndRemove(seed: UInt64) async throws {
        let files = try (0..<3).map { try fixture.model("m\($0).gguf", seed: UInt64($0)) }
        let stores = [try await fixture.open(), try await fixture.open(), try await fixture.open()]
        await withTaskGroup { group in
            for worker in 0..<6 {
                group.addTask {
                    var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(worker))
                    let store = stores[worker % stores.count]
                    for _ in 0..<15 {
                        let content = Int.random(in: 0..<files.count, using: &generator)
                        let name = ModelName("name\(Int.random(in: 0..<4, using: &generator))") ?? "name"
                        do {
                            switch Int.random(in: 0..<4, using: &generator) {
                            case 0: _ = try await store.importFile(at: files[content], as: name, linking: .copy)
                            case 1: _ = try await store.importFile(at: files[content], as: name, replacing: true)
                            default: _ = try await store.remove(name)
                            }
                        } catch ModelStoreError.notFound, ModelStoreError.alreadyExists {
                            // Another worker was faster.
                        } catch {
                            Issue.record("worker \(worker): \(error)")
                        }
                    }
                }
            }
        }
        let check = try await stores[0].check()
        #expect(check.isConsistent && check.runningImportCount == 0, "\(check)")
        for record in try await stores[1].models() { #expect(try await stores[2].verify(record.name).isIntact) }
    }

    @Test("leave another's running import alone")
    func runningImport() async throws {
        let store = try await fixture.open()
        let file = try fixture.paddedModel(paddingByteCount: 4 << 20)
        let gate = Gate()
        let task = Task {
            try await store.importFile(at: file, as: "a", linking: .copy) {
                if $0.phase == .copying { gate.passAfterOpening() }
            }
        }
        await gate.reached()
        let other = try await fixture.open()
        let check = try await other.check()
        #expect(check.runningImportCount == 1 && check.abandonedImportCount == 0 && check.isConsistent)
        #expect(try fixture.names(in: "partial").count == 1)
        gate.open()
        let record = try await task.value
        #expect(try await other.models() == [record])
        #expect(try await other.verify("a").isIntact)
        #expect(try fixture.names(in: "partial").isEmpty)
    }

    @Test("wait for the lock only so long, and name its holder")
    func lockHeld() async throws {
        let path = fixture.folder.appendingPathComponent("test.lock").path
        let queue = BlockingQueue(label: "test", isSerial: false)
        let gate = Gate()
        let holder = Task {
            try await queue.run { _ in try StoreLock(path: path).withLock { gate.passAfterOpening() } }
        }
        await gate.reached()
        let error = await #expect(throws: ModelStoreError.self) {
            try await queue.run { try StoreLock(path: path, patience: .milliseconds(30)).withLock($0) {} }
        }
        #expect(error == .locked(path: path, holder: ProcessInfo.processInfo.processIdentifier))

        let waiting = Task { try await queue.run { try StoreLock(path: path).withLock($0) { "got it" } } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.open()
        try await holder.value
        #expect(try await queue.run { try StoreLock(path: path).withLock($0) { "got it" } } == "got it")
    }

    @Test("give up a cancelled import and clear it away", arguments: ImportLinking.allCases)
    func cancelledImport(linking: ImportLinking) async throws {
        let store = try await fixture.open()
        let file = try fixture.paddedModel(paddingByteCount: 8 << 20)
        let gate = Gate()
        let task = Task {
            try await store.importFile(at: file, as: "a", linking: linking) {
                if $0.phase == .copying || $0.phase == .hashing { gate.passAfterOpening() }
            }
        }
        await gate.reached()
        task.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.models().isEmpty)
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try fixture.names(in: "blobs").isEmpty)
        #expect(FileManager.default.fileExists(atPath: file.path))
    }
}

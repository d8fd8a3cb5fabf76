import Foundation
import Security
import Testing

@testable import ModelStore

/// At each step of an operation the store's folder is copied as it lies on the disk: what a kill at that moment would
/// leave. Each copy is opened as a new process would.
@Suite("After a kill")
struct RecoveryTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private struct Snapshot: Sendable {
        let step: StoreStep
        let root: URL
    }

    /// Runs `operation` on a store that `prepare` has filled, and gives a copy of the folder at each step.
    private func snapshots(
        prepare: (ModelStore) async throws -> Void, operation: (ModelStore) async throws -> Void
    ) async throws -> (before: Set<String>, after: Set<String>, snapshots: [Snapshot]) {
        let plain = try await fixture.open()
        try await prepare(plain)
        let before = try await Self.contents(of: plain)

        let collected = Collected<Snapshot>()
        let root = fixture.root
        let folder = fixture.folder
        let store = try await ModelStore(root: root, now: { Date() }) { step in
            let copy = folder.appendingPathComponent("snapshot-\(collected.all.count)-\(step.rawValue)")
            do {
                try Self.run("/bin/cp", ["-a", root.path, copy.path])
                collected.add(Snapshot(step: step, root: copy))
            } catch {
                Issue.record("the folder could not be copied: \(error)")
            }
        }
        try await operation(store)
        return (before, try await Self.contents(of: store), collected.all)
    }

    /// Names, what they refer to, and the active one, as text.
    private static func contents(of store: ModelStore) async throws -> Set<String> {
        Set(try await store.models().map { "\($0.name) \($0.digest) \($0.isActive)" })
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func expectConsistent(
        _ run: (before: Set<String>, after: Set<String>, snapshots: [Snapshot]), steps: [StoreStep], commit: StoreStep
    ) async throws {
        #expect(run.snapshots.map(\.step) == steps)
        let commitIndex = try #require(steps.firstIndex(of: commit))
        for (index, snapshot) in run.snapshots.enumerated() {
            let store = try await ModelStore(root: snapshot.root)
            let check = try await store.check()
            #expect(check.isConsistent, "after \(snapshot.step): \(check)")
            #expect(check.runningImportCount == 0)
            #expect(check.foreign.isEmpty)
            let partial = snapshot.root.appendingPathComponent("partial").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: partial).isEmpty, "after \(snapshot.step)")
            let expected = index >= commitIndex ? run.after : run.before
            #expect(try await Self.contents(of: store) == expected, "after \(snapshot.step)")
            for record in try await store.models() {
                #expect(try await store.verify(record.name).isIntact, "\(record.name) after \(snapshot.step)")
            }
            // What was cut short can be done again.
            _ = try await store.importFile(at: try fixture.model("again.gguf", seed: 77))
            #expect(try await store.check().isConsistent)
        }
    }

    private static let importSteps: [StoreStep] = [
        .workspaceCreated, .contentTransferred, .intentRecorded, .contentRenamed, .importCommitted, .workspaceRemoved,
    ]

    @Test("an import is whole or has left nothing", arguments: ImportLinking.allCases)
    func importing(linking: ImportLinking) async throws {
        let first = try fixture.model("first.gguf", seed: 1)
        let second = try fixture.model("second.gguf", seed: 2)
        let run = try await snapshots {
            _ = try await $0.importFile(at: first)
        } operation: {
            _ = try await $0.importFile(at: second, linking: linking)
        }
        try await expectConsistent(run, steps: Self.importSteps, commit: .importCommitted)
    }

    @Test("an import in the place of another content leaves the one or the other")
    func replacing() async throws {
        let first = try fixture.model("first.gguf", seed: 1)
        let second = try fixture.model("second.gguf", seed: 2)
        let run = try await snapshots {
            _ = try await $0.importFile(at: first, as: "a")
            try await $0.setActive("a")
        } operation: {
            _ = try await $0.importFile(at: second, as: "a", replacing: true)
        }
        var steps = Self.importSteps
        steps.insert(contentsOf: [.replacedContentUnlinked, .importSettled], at: 5)
        try await expectConsistent(run, steps: steps, commit: .importCommitted)
    }

    @Test("a second name for the same content is there or not")
    func secondName() async throws {
        let file = try fixture.model()
        let run = try await snapshots {
            _ = try await $0.importFile(at: file, as: "a")
        } operation: {
            _ = try await $0.importFile(at: file, as: "b", linking: .copy)
        }
        let steps: [StoreStep] = [.workspaceCreated, .contentTransferred, .importCommitted, .workspaceRemoved]
        try await expectConsistent(run, steps: steps, commit: .importCommitted)
    }

    @Test("a removed model is gone with its file, or is there")
    func removing() async throws {
        let first = try fixture.model("first.gguf", seed: 1)
        let second = try fixture.model("second.gguf", seed: 2)
        let run = try await snapshots {
            _ = try await $0.importFile(at: first, as: "a")
            _ = try await $0.importFile(at: second, as: "b")
            try await $0.setActive("a")
        } operation: {
            _ = try await $0.remove("a")
        }
        let steps: [StoreStep] = [.removalCommitted, .contentUnlinked, .removalSettled]
        try await expectConsistent(run, steps: steps, commit: .removalCommitted)
    }

    @Test("a removed name leaves the content that another name refers to")
    func removingOneOfTwo() async throws {
        let file = try fixture.model()
        let run = try await snapshots {
            _ = try await $0.importFile(at: file, as: "a")
            _ = try await $0.copy("a", to: "b")
        } operation: {
            _ = try await $0.remove("a")
        }
        try await expectConsistent(run, steps: [.removalCommitted], commit: .removalCommitted)
    }

    @Test("a registration of many files is whole or has left nothing but what was brought", arguments: [true, false])
    func registering(isVerified: Bool) async throws {
        let first = try fixture.model("first.gguf", seed: 1)
        let run = try await snapshots {
            _ = try await $0.importFile(at: first)
        } operation: {
            _ = try await $0.register(try fixture.splitModel(isVerified: isVerified), replacing: false)
        }
        try await expectConsistent(run, steps: Self.importSteps, commit: .importCommitted)
    }

    @Test("a registration in the place of another model leaves the one or the other")
    func registeringReplacement() async throws {
        let run = try await snapshots {
            _ = try await $0.register(try fixture.splitModel("a"), replacing: false)
        } operation: {
            _ = try await $0.register(try fixture.splitModel("a", seed: 2), replacing: true)
        }
        var steps = Self.importSteps
        steps.insert(contentsOf: [.replacedContentUnlinked, .importSettled], at: 5)
        try await expectConsistent(run, steps: steps, commit: .importCommitted)
    }

    @Test("a move of the model folder has lost nothing, and goes on where it was")
    func moving() async throws {
        let target = fixture.root.appendingPathComponent("disk")
        let run = try await snapshots {
            _ = try await $0.register(try fixture.splitModel("a"), replacing: false)
        } operation: {
            _ = try await $0.move(to: target)
        }
        let perContent: [StoreStep] = [
            .moveIntentRecorded, .movedContentPlaced, .moveCommitted, .movedContentUnlinked, .moveSettled,
        ]
        #expect(run.snapshots.map(\.step) == (0..<6).flatMap { _ in perContent } + [.workspaceRemoved])
        for snapshot in run.snapshots {
            let store = try await ModelStore(root: snapshot.root)
            #expect(try await store.check().isConsistent, "after \(snapshot.step)")
            #expect(try await Self.contents(of: store) == run.before)
            #expect(try await store.verify("a").isIntact)
            let there = snapshot.root.appendingPathComponent("disk")
            #expect(try await store.move(to: there).leftBehind.isEmpty)
            #expect(try await store.verify("a").isIntact)
            #expect(try await store.check().isConsistent)
            let blobs = try FileManager.default.contentsOfDirectory(atPath: there.appendingPathComponent("blobs").path)
            #expect(blobs.count == 6)
            let left = snapshot.root.appendingPathComponent("blobs").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: left).isEmpty)
        }
    }

    @Test("a workspace that had no owner file yet is cleared away")
    func workspaceWithoutOwner() async throws {
        _ = try await fixture.open()
        let folder = fixture.root.appendingPathComponent("partial/import-1-x", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try Data("part of a model".utf8).write(to: folder.appendingPathComponent("content"))
        let store = try await fixture.open()
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("what others keep in the folder for unfinished work stays")
    func othersPartialFiles() async throws {
        _ = try await fixture.open()
        let download = fixture.root.appendingPathComponent("partial/sha256-0123.part")
        try Data("half a download".utf8).write(to: download)
        _ = try await fixture.open()
        #expect(try Data(contentsOf: download) == Data("half a download".utf8))
    }

    @Test("blobs survive the loss of the database: they are reported, never removed")
    func lostDatabase() async throws {
        let file = try fixture.model()
        var store: ModelStore? = try await fixture.open()
        let record = try #require(try await store?.importFile(at: file, as: "a", linking: .copy))
        store = nil
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: fixture.root.path + "/roost.db" + suffix)
        }
        let reopened = try await fixture.open()
        let check = try await reopened.check()
        #expect(check.orphans.map(\.lastPathComponent) == [record.digest.fileName])
        #expect(check.orphanByteCount == record.byteCount)
        #expect(try await reopened.models().isEmpty)

        let adopted = try await reopened.importFile(at: reopened.blobURL(for: record.digest), as: "a")
        #expect(adopted.digest == record.digest)
        #expect(try await reopened.check().isConsistent, "importing an orphan from where it lies adopts it")
        #expect(try await reopened.verify("a").isIntact)
    }
}

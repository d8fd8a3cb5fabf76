import Foundation
import GRDB
import ModelFixtures
import Security
import Testing

@testable import ModelStore

@Suite("Housekeeping")
struct HousekeepingTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func write(_ text: String, to path: String, age: TimeInterval = 7200) throws -> URL {
        let url = fixture.root.appendingPathComponent(path)
        try Data(text.utf8).write(to: url)
        let time = Int64((Date().timeIntervalSince1970 - age) * 1e9)
        try StoreFixture.setModificationTime(time, of: url)
        return url
    }

    @Test("finds what nobody needs, says how much it is, and takes that alone")
    func pruning() async throws {
        let store = try await fixture.open()
        let kept = try await store.register(try fixture.singleModel(), replacing: false)
        let (old, wanted, young) = (Digest.of([1]), Digest.of([2]), Digest.of([3]))
        for (digest, age) in [(old, 7200.0), (wanted, 7200), (young, 1)] {
            _ = try write("12345678", to: "partial/\(digest.fileName).part", age: age)
            _ = try write("12", to: "partial/\(digest.fileName).journal", age: age)
            _ = try write("", to: "partial/\(digest.fileName).lock", age: age)
        }
        _ = try write("ledger", to: "partial/something.json")
        _ = try write("123456", to: "incoming/\(Digest.of([4]).fileName)")
        _ = try write("12345", to: "incoming/\(Digest.of([8]).fileName)")
        _ = try write("", to: "partial/slot-0.lock")
        _ = try write("1234", to: "incoming/\(Digest.of([5]).fileName)", age: 1)
        _ = try write("123", to: "quarantine/\(Digest.of([6]).fileName)")
        _ = try write("why", to: "quarantine/\(Digest.of([6]).fileName).reason.txt")
        let stray = try write("12345", to: "blobs/\(Digest.of([7]).fileName)")

        var options = PruneOptions()
        #expect(try await store.prunePlan().isEmpty, "no download goes unasked")
        options.keptDownloads = [wanted, Digest.of([8])]
        let plan = try await store.prunePlan(options)
        #expect(plan.items.map(\.kind) == [.incoming, .partialDownload])
        #expect(plan.byteCount == 16)
        #expect(try await store.perform(plan) == 16)
        #expect(try await store.prunePlan(options).isEmpty)
        #expect(
            Set(try fixture.names(in: "partial"))
                == Set(
                    [wanted, young].flatMap { digest in
                        ["part", "journal", "lock"].map { "\(digest.fileName).\($0)" }
                    } + ["something.json", "slot-0.lock"]))
        #expect(try await store.quarantinedFiles().map(\.reason) == ["why"])

        options.includesQuarantine = true
        options.includesUnknownBlobs = true
        let all = try await store.prunePlan(options)
        #expect(all.items.map(\.kind) == [.quarantined, .unknownBlob])
        try await store.perform(all)
        #expect(try fixture.names(in: "quarantine").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: stray.path))
        #expect(try await store.verify(kept.name).isIntact)
        #expect(try await store.check().isConsistent)
    }

    @Test("leaves a download alone whose lock a process holds")
    func lockedPartial() async throws {
        let store = try await fixture.open()
        let name = Digest.of([1]).fileName
        let part = try write("12345678", to: "partial/\(name).part")
        let lock = try OpenFile.reading(try write("", to: "partial/\(name).lock").path)
        #expect(try lock.tryLock())
        var options = PruneOptions()
        options.keptDownloads = []
        #expect(try await store.prunePlan(options).isEmpty)
        let plan = PrunePlan(items: [
            PrunePlan.Item(kind: .partialDownload, paths: [lock.path, part.path], byteCount: 8)
        ])
        #expect(try await store.perform(plan) == 0)
        #expect(FileManager.default.fileExists(atPath: part.path))
    }

    @Test("does not touch what a plan names outside the store's folders")
    func hostilePlan() async throws {
        let store = try await fixture.open()
        let kept = try await store.register(try fixture.singleModel(), replacing: false)
        let outside = fixture.folder.appendingPathComponent("precious")
        try Data("precious".utf8).write(to: outside)
        let inside = try #require(kept.files.first?.path)
        let paths = [
            outside.path, fixture.root.path + "/partial/../../precious", fixture.root.path + "/roost.db", inside,
        ]
        for kind in PrunePlan.Kind.allCases {
            try await store.perform(PrunePlan(items: [PrunePlan.Item(kind: kind, paths: paths, byteCount: 1)]))
        }
        #expect(FileManager.default.fileExists(atPath: outside.path))
        #expect(try await store.verify(kept.name).isIntact)
    }

    @Test("removes contents that no model refers to")
    func unreferenced() async throws {
        let store = try await fixture.open()
        let record = try await store.register(try fixture.singleModel(), replacing: false)
        let queue = try DatabaseQueue(path: fixture.root.appendingPathComponent("roost.db").path)
        try await queue.write { try $0.execute(sql: "DELETE FROM model") }
        let plan = try await store.prunePlan()
        #expect(plan.items.map(\.kind) == [.unreferenced] && plan.byteCount == record.byteCount)
        #expect(try await store.perform(plan) == record.byteCount)
        #expect(try fixture.names(in: "blobs").isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("tells what each model takes alone and together with others")
    func diskUse() async throws {
        let store = try await fixture.open()
        let split = try await store.register(try fixture.splitModel("split"), replacing: false)
        var second = try fixture.splitModel("second")
        second.files.removeAll { $0.role == .template }
        _ = try await store.register(second, replacing: false)
        _ = try write("12345678", to: "partial/\(Digest.of([1]).fileName).part")
        _ = try write("123", to: "quarantine/x")
        let use = try await store.diskUse()
        let template = try #require(split.files.first { $0.role == .template }).byteCount
        let model = try #require(use.models.first { $0.name == "split" })
        #expect(model.ownByteCount == template && model.sharedByteCount == split.totalByteCount - template)
        #expect(use.models.first { $0.name == "second" }?.ownByteCount == 0)
        let folder = try #require(use.folders.first)
        #expect(folder.isDefault && folder.contentByteCount == split.totalByteCount)
        #expect(folder.partialByteCount == 8 && folder.quarantineByteCount == 3 && folder.freeByteCount ?? 0 > 0)
        #expect(
            use.databaseByteCount > 0
                && use.byteCount == use.databaseByteCount + split.totalByteCount + 11 + folder.incomingByteCount)
        #expect(folder.incomingByteCount == template, "the one that was brought and not registered")
    }
}

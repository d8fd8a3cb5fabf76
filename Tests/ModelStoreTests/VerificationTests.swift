import Foundation
import Security
import Testing

@testable import ModelStore

@Suite("Verification")
struct VerificationTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test("of intact content says so and notes the time")
    func intact() async throws {
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.paddedModel(paddingByteCount: 3 << 20), as: "a")
        let seen = Collected<ImportProgress>()
        let result = try await store.verify("a") { seen.add($0) }
        #expect(result.isIntact && result.expected == record.digest && result.byteCount == record.byteCount)
        #expect(seen.all.last?.completed == record.byteCount)
        let verifiedAt = try #require(try await store.model(named: "a").lastVerifiedAt)
        #expect(verifiedAt >= record.createdAt)
    }

    @Test("finds one flipped bit, also when the file's time was put back")
    func flippedBit() async throws {
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.model(), as: "a", linking: .copy)
        let blob = store.blobURL(for: record.digest)
        var content = try Data(contentsOf: blob)
        content[content.count / 2] ^= 1
        let status = try #require(try FileSystem.status(of: blob.path))
        try content.write(to: blob)
        try StoreFixture.setModificationTime(status.modifiedAt, of: blob)

        #expect(try await store.check().isConsistent, "a check reads no content")
        let expected = VerificationResult.Outcome.damaged(
            found: Digest.of([UInt8](content)), byteCount: record.byteCount)
        #expect(try await store.verify("a").outcome == expected)
        #expect(try await store.check().changed.map(\.names) == [["a"]], "what was found is remembered")
        #expect(try await store.contains(record.digest, byteCount: record.byteCount) == false)
    }

    @Test("tells a shortened file from a missing one")
    func shortenedAndMissing() async throws {
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.model(), as: "a", linking: .copy)
        let blob = store.blobURL(for: record.digest)
        try Data(try Data(contentsOf: blob).prefix(100)).write(to: blob)
        guard case .damaged(_, byteCount: 100) = try await store.verify("a").outcome else {
            Issue.record("a shortened file is damaged")
            return
        }
        #expect(try await store.check().changed.map(\.names) == [["a"]])

        try FileManager.default.removeItem(at: blob)
        #expect(try await store.verify("a").outcome == .missing)
        #expect(try await store.check().missing.map(\.digest) == [record.digest])
        await #expect(throws: ModelStoreError.blobMissing("a", path: blob.path)) { try await store.location(of: "a") }
        #expect(try await store.remove("a").digest == record.digest, "a model without its file can be removed")
        #expect(try await store.check().isConsistent)
    }

    @Test("stops when its task is cancelled")
    func cancelled() async throws {
        let store = try await fixture.open()
        _ = try await store.importFile(at: try fixture.paddedModel(paddingByteCount: 8 << 20), as: "a")
        let gate = Gate()
        let task = Task {
            try await store.verify("a") { _ in gate.passAfterOpening() }
        }
        await gate.reached()
        task.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

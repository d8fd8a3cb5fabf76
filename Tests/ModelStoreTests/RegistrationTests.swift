import Foundation
import ModelFixtures
import ModelFormats
import Security
import Testing

@testable import ModelStore

@Suite("A registration")
struct RegistrationTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test("takes over all files of a model in parts, in their order", arguments: [true, false])
    func splitModel(isVerified: Bool) async throws {
        let store = try await fixture.open()
        var model = try fixture.splitModel(isVerified: isVerified)
        let digests = model.files.compactMap(\.digest)
        model.files.reverse()
        let record = try await store.register(model, replacing: false)

        #expect(record.files.map(\.role) == [.shard, .shard, .shard, .template, .projector, .license])
        #expect(record.files.prefix(3).map(\.digest) == Array(digests.prefix(3)))
        #expect(record.files.first?.source == "https://example.org/tiny-00001-of-00003.gguf")
        #expect(record.provenance == StoreFixture.provenance)
        #expect(record.byteCount == model.files.filter { $0.role == .shard }.reduce(0) { $0 + ($1.byteCount ?? 0) })
        #expect(record.totalByteCount == record.files.reduce(0) { $0 + $1.byteCount })
        #expect(record.hasChatTemplate && record.capabilities.contains(.vision))
        #expect(record.digest != record.identity)
        #expect(try fixture.names(in: "incoming").isEmpty)
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try fixture.names(in: "blobs").count == 6)

        let locations = try await store.locations(of: "split")
        #expect(locations.weights.map(\.lastPathComponent) == digests.prefix(3).map(\.fileName))
        #expect(locations.projector?.lastPathComponent == digests[3].fileName)
        #expect(try await store.location(of: "split") == locations.weights.first)
        #expect(try await store.licenseText(of: "split") == "Do what you like.\n")
        #expect(try await store.chatTemplate(of: "split")?.hasPrefix("{% for") == true)
        #expect(try await store.verify("split").isIntact)
        #expect(try await store.check().isConsistent)
    }

    @Test("shares contents with other models, and a content goes with the last one")
    func sharedContents() async throws {
        let store = try await fixture.open()
        let first = try await store.register(try fixture.splitModel("first"), replacing: false)
        var second = try fixture.splitModel("second")
        second.files = second.files.filter { $0.role != .template }
        for index in second.files.indices where second.files[index].role == .shard { second.files[index].url = nil }
        let other = try await store.register(second, replacing: false)
        #expect(other.digest == first.digest && other.identity != first.identity)
        #expect(try fixture.names(in: "blobs").count == 6)

        let template = try #require(first.files.first { $0.role == .template })
        #expect(try await store.remove("first").freedByteCount == template.byteCount)
        #expect(try await store.verify("second").isIntact)
        #expect(try await store.remove("second").freedByteCount == other.totalByteCount)
        #expect(try fixture.names(in: "blobs").isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("gives a name to other files only when told to, and keeps its statistics")
    func replacing() async throws {
        let store = try await fixture.open()
        _ = try await store.register(try fixture.splitModel("a"), replacing: false)
        try await store.recordUse(of: "a")
        try await store.recordTokens(12, of: "a")
        try await store.setActive("a")
        await #expect(throws: ModelStoreError.self) {
            try await store.register(try fixture.singleModel("a", seed: 5), replacing: false)
        }
        let record = try await store.register(try fixture.singleModel("a", seed: 5), replacing: true)
        #expect(record.useCount == 1 && record.tokenCount == 12 && record.firstUsedAt != nil && record.isActive)
        #expect(try fixture.names(in: "blobs") == [record.digest.fileName])
        #expect(try await store.check().isConsistent)
    }

    @Test("that is cancelled leaves what was brought, and can be done again")
    func cancelled() async throws {
        let store = try await fixture.open()
        let model = try fixture.splitModel(isVerified: false)
        let before = try fixture.names(in: "incoming")
        let gate = Gate()
        let task = Task {
            try await store.register(model, replacing: false) { progress in
                if progress.phase == .hashing { gate.passAfterOpening() }
            }
        }
        await gate.reached()
        task.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try fixture.names(in: "incoming") == before)
        #expect(try fixture.names(in: "partial").isEmpty && fixture.names(in: "blobs").isEmpty)
        #expect(try await store.quarantinedFiles().isEmpty)
        #expect(try await store.register(model, replacing: false).files.count == 6)
    }

    @Test("reports progress over all files that never goes back")
    func progress() async throws {
        let store = try await fixture.open()
        let seen = Collected<ImportProgress>()
        let model = try fixture.splitModel(isVerified: false)
        let record = try await store.register(model, replacing: false) { seen.add($0) }
        for phase in ImportProgress.Phase.allCases {
            let steps = seen.all.filter { $0.phase == phase }
            #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.completed <= $1.completed }, "\(phase)")
        }
        let license = try #require(record.files.last).byteCount
        #expect(seen.all.filter { $0.phase == .hashing }.last?.completed ?? 0 >= record.byteCount)
        #expect(seen.all.map(\.total).max() == record.totalByteCount - license)
    }

    @Test("needs a content that is said to be here")
    func missingContent() async throws {
        let store = try await fixture.open()
        var model = try fixture.singleModel()
        model.files[0].url = nil
        let digest = try #require(model.files[0].digest)
        await #expect(throws: ModelStoreError.contentMissing(name: "file.gguf", digest: digest)) {
            try await store.register(model, replacing: false)
        }
        #expect(try await store.contains(digest, byteCount: 100) == false)
    }

    @Test("mends a content that was found damaged")
    func damagedContent() async throws {
        let store = try await fixture.open()
        let record = try await store.register(try fixture.singleModel(), replacing: false)
        let path = try #require(record.files.first?.path)
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        try (content.dropLast(4) + Data([1, 2, 3, 4])).write(to: URL(fileURLWithPath: path))
        #expect(try await store.verify("single").isIntact == false)
        #expect(try await store.model(named: "single").files.first?.isDamaged == true)
        #expect(try await store.contains(record.digest, byteCount: record.byteCount) == false)
        let error = await #expect(throws: ModelStoreError.self) { try await store.location(of: "single") }
        #expect(error?.description.contains("roost pull single") == true)

        _ = try await store.register(try fixture.singleModel(), replacing: false)
        #expect(try await store.contains(record.digest, byteCount: record.byteCount))
        #expect(try await store.verify("single").isIntact)
    }
}

import Foundation
import ModelFixtures
import Security
import Testing

@testable import ModelStore

/// The store against the simplest thing that it could be: a dictionary of names.
@Suite("Any order of operations")
struct RandomOperationTests {
    @Test("leaves what a dictionary of names would hold", arguments: [1, 2, 3, 4])
    func againstDictionary(seed: UInt64) async throws {
        let fixture = try StoreFixture()
        let files = try (0..<3).map { try fixture.model("m\($0).gguf", seed: UInt64($0)) }
        let digests = try files.map(StoreFixture.digest)
        let names: [ModelName] = ["a", "B", "user/c:x", "d:Q4_K_M"]
        var generator = SeededGenerator(seed: seed)
        var expected: [ModelName: Digest] = [:]
        var active: ModelName?
        var store = try await fixture.open()

        for step in 0..<60 {
            let name = names[Int.random(in: 0..<names.count, using: &generator)]
            let other = names[Int.random(in: 0..<names.count, using: &generator)]
            let content = Int.random(in: 0..<files.count, using: &generator)
            do {
                switch Int.random(in: 0..<8, using: &generator) {
                case 0, 1:
                    _ = try await store.importFile(at: files[content], as: name)
                    try #require(expected[name] == nil || expected[name] == digests[content])
                    expected[name] = digests[content]
                case 2:
                    _ = try await store.importFile(at: files[content], as: name, linking: .copy, replacing: true)
                    expected[name] = digests[content]
                case 3:
                    _ = try await store.copy(name, to: other)
                    try #require(expected[other] == nil || expected[other] == expected[name])
                    expected[other] = expected[name]
                case 4:
                    _ = try await store.rename(name, to: other)
                    if name != other {
                        try #require(expected[other] == nil)
                        expected[other] = expected.removeValue(forKey: name)
                        if active == name { active = other }
                    }
                case 5:
                    let result = try await store.remove(name)
                    let removed = expected.removeValue(forKey: name)
                    let digest = try #require(removed)
                    #expect((result.freedByteCount > 0) == !expected.values.contains(digest))
                    if active == name { active = nil }
                case 6:
                    try await store.setActive(name)
                    active = name
                default:
                    store = try await fixture.open()
                }
            } catch ModelStoreError.notFound(let missing, _) {
                #expect(expected[missing] == nil)
            } catch ModelStoreError.alreadyExists(let taken, let digest) {
                #expect(expected[taken] == digest)
            }
            let models = try await store.models()
            #expect(Dictionary(uniqueKeysWithValues: models.map { ($0.name, $0.digest) }) == expected, "step \(step)")
            #expect(try await store.activeModel()?.name == active, "step \(step)")
            #expect(try Set(fixture.names(in: "blobs")) == Set(expected.values.map(\.fileName)), "step \(step)")
        }
        let check = try await store.check()
        #expect(check.isConsistent && check.modelCount == expected.count, "\(check)")
    }
}

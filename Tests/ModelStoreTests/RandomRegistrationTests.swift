import Foundation
import ModelFixtures
import Security
import Testing

@testable import ModelStore

/// Models whose files overlap, against a dictionary of what each name refers to.
@Suite("Any order of registrations, removals and moves")
struct RandomRegistrationTests {
    private static let names: [ModelName] = ["a", "b", "user/c:x"]

    @Test("keeps exactly the contents that some name refers to", arguments: [11, 12, 13])
    func againstDictionary(seed: UInt64) async throws {
        let fixture = try StoreFixture()
        var store = try await fixture.open()
        let places = [
            fixture.root, fixture.folder.appendingPathComponent("one"), fixture.root.appendingPathComponent("two"),
        ]
        var generator = SeededGenerator(seed: seed)
        var expected: [ModelName: Set<Digest>] = [:]
        var identities: [ModelName: Digest] = [:]
        for step in 0..<30 {
            let name = Self.names[Int.random(in: 0..<3, using: &generator)]
            do {
                switch Int.random(in: 0..<7, using: &generator) {
                case 0, 1, 2:
                    let isReplacing = Bool.random(using: &generator)
                    let model = try Self.model(name, fixture, &generator)
                    let record = try await store.register(model, replacing: isReplacing)
                    #expect(isReplacing || identities[name] == nil || identities[name] == record.identity)
                    expected[name] = Set(record.files.map(\.digest))
                    identities[name] = record.identity
                case 3:
                    let before = Set(expected.values.flatMap(\.self))
                    let sizes = try await store.models().flatMap(\.files).map { ($0.digest, $0.byteCount) }
                    let result = try await store.remove(name)
                    expected[name] = nil
                    identities[name] = nil
                    let gone = before.subtracting(expected.values.flatMap(\.self))
                    let byDigest = Dictionary(sizes, uniquingKeysWith: { first, _ in first })
                    #expect(result.freedByteCount == gone.reduce(0) { $0 + (byDigest[$1] ?? 0) })
                case 4:
                    let place = places[Int.random(in: 0..<3, using: &generator)]
                    #expect(try await store.move(to: place).leftBehind.isEmpty)
                case 5:
                    if expected[name] != nil { #expect(try await store.verify(name).isIntact) }
                default: store = try await fixture.open()
                }
            } catch ModelStoreError.notFound(let missing, _) {
                #expect(expected[missing] == nil)
            } catch ModelStoreError.alreadyExists(let taken, _) {
                #expect(expected[taken] != nil)
            }
            let models = try await store.models()
            let held = Dictionary(uniqueKeysWithValues: models.map { ($0.name, Set($0.files.map(\.digest))) })
            #expect(held == expected, "step \(step)")
            let files = places.flatMap { place in
                (try? FileManager.default.contentsOfDirectory(atPath: place.appendingPathComponent("blobs").path)) ?? []
            }
            #expect(files.count == Set(files).count, "step \(step): each content is in one place")
            #expect(Set(files) == Set(expected.values.flatMap(\.self).map(\.fileName)), "step \(step)")
        }
        #expect(try await store.check().isConsistent)
    }

    /// In one file or three, with or without a projector, a template and a licence.
    private static func model(
        _ name: ModelName, _ fixture: StoreFixture, _ generator: inout SeededGenerator
    ) throws -> IncomingModel {
        let seed = UInt64.random(in: 1...2, using: &generator)
        var model =
            Bool.random(using: &generator)
            ? try fixture.splitModel(name, seed: seed) : try fixture.singleModel(name, seed: seed)
        if Bool.random(using: &generator) { model.files.removeAll { $0.role == .projector } }
        if Bool.random(using: &generator) { model.files.removeAll { $0.role == .template } }
        if Bool.random(using: &generator) { model.licenseText = nil }
        return model
    }
}

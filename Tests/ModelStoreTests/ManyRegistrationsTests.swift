import Foundation
import ModelFixtures
import Security
import Testing

@testable import ModelStore

@Suite("Registrations at the same time")
struct ManyRegistrationsTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test("of the same files, which only one of them can take over, all succeed")
    func sameFiles() async throws {
        _ = try await fixture.open()
        for round in 0..<5 {
            let model = try fixture.splitModel(seed: UInt64(round + 1), isVerified: round.isMultiple(of: 2))
            try await withThrowingTaskGroup(of: ModelRecord.self) { group in
                for index in 0..<6 {
                    let name = try ModelName(parsing: "copy\(round):\(index)")
                    group.addTask { [fixture] in
                        var model = model
                        model.name = name
                        return try await fixture.open().register(model, replacing: false)
                    }
                }
                for try await record in group { #expect(record.files.count == 6) }
            }
        }
        let store = try await fixture.open()
        #expect(try await store.models().count == 30)
        for record in try await store.models() { #expect(try await store.verify(record.name).isIntact) }
        #expect(try fixture.names(in: "incoming").isEmpty)
        #expect(try fixture.names(in: "partial").isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("and removals of the contents that they share never leave a model without its file")
    func registeredWhileRemoved() async throws {
        let store = try await fixture.open()
        for round in 0..<10 {
            _ = try await store.register(try fixture.splitModel("old"), replacing: true)
            // Its weights are said to be here already, and are removed at this moment.
            var next = try fixture.splitModel("next")
            for index in next.files.indices where next.files[index].role == .shard { next.files[index].url = nil }
            let model = next
            async let removed = fixture.open().remove("old")
            async let registered: Bool = {
                do {
                    _ = try await fixture.open().register(model, replacing: true)
                    return true
                } catch ModelStoreError.contentMissing {
                    return false
                } catch ModelStoreError.io {
                    return false
                }
            }()
            _ = try await removed
            let isThere = try await registered
            #expect(try await store.models().map(\.name).contains("next") == isThere, "round \(round)")
            if isThere {
                #expect(try await store.verify("next").isIntact)
                _ = try await store.remove("next")
            }
            #expect(try await store.check().isConsistent, "round \(round)")
        }
    }
}

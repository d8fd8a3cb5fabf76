import Foundation
import Testing

@testable import ModelStore

@Suite("Names")
struct ReferenceTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test("that are copied share the content, which goes with the last of them")
    func lastReference() async throws {
        let store = try await fixture.open()
        let record = try await store.importFile(at: try fixture.model(), as: "a")
        let copy = try await store.copy("a", to: "user/b:v1")
        #expect(copy.digest == record.digest && copy.source == record.source)
        #expect(try await store.check().blobCount == 1)

        let first = try await store.remove("a")
        #expect(
            first
                == RemovalResult(
                    name: "a", digest: record.digest, identity: record.identity, freedByteCount: 0))
        #expect(try await store.verify("user/b:v1").isIntact)
        let second = try await store.remove("USER/B:V1")
        #expect(second.freedByteCount == record.byteCount)
        #expect(try fixture.names(in: "blobs").isEmpty)
        #expect(try await store.models().isEmpty)
        #expect(try await store.check().isConsistent)
    }

    @Test("that are taken are not overwritten by a copy or a rename")
    func taken() async throws {
        let store = try await fixture.open()
        let a = try await store.importFile(at: try fixture.model("a.gguf", seed: 1))
        let b = try await store.importFile(at: try fixture.model("b.gguf", seed: 2))
        await #expect(throws: ModelStoreError.alreadyExists("b", digest: b.digest)) {
            try await store.copy("a", to: "b")
        }
        await #expect(throws: ModelStoreError.alreadyExists("b", digest: b.digest)) {
            try await store.rename("a", to: "b")
        }
        #expect(try await store.models() == [a, b])
        #expect(try await store.copy("a", to: "A").name == "a", "a copy onto itself changes nothing")
    }

    @Test("that change keep the model's use count and its being active")
    func rename() async throws {
        let store = try await fixture.open()
        _ = try await store.importFile(at: try fixture.model(), as: "old")
        try await store.setActive("old")
        try await store.recordUse(of: "old")
        let renamed = try await store.rename("old", to: "New:v2")
        #expect(renamed.name.description == "New:v2")
        #expect(renamed.isActive && renamed.useCount == 1 && renamed.lastUsedAt != nil)
        #expect(try await store.activeModel() == renamed)
        #expect(try await store.models() == [renamed])
        #expect(try await store.rename("new:v2", to: "new:V2").name.description == "new:V2", "only the letter case")
        await #expect(throws: ModelStoreError.self) { try await store.model(named: "old") }
    }

    @Test("that are not there are an error with near names")
    func notFound() async throws {
        let store = try await fixture.open()
        for name: ModelName in ["gemma3:270m", "gemma3:1b", "qwen3", "hf.co/user/gemma3-GGUF"] {
            _ = try await store.importFile(at: try fixture.model(), as: name)
        }
        await #expect(
            throws: ModelStoreError.notFound(
                "gemma3", suggestions: ["gemma3:1b", "gemma3:270m", "hf.co/user/gemma3-GGUF"])
        ) {
            try await store.model(named: "gemma3")
        }
        await #expect(throws: ModelStoreError.notFound("qwem3", suggestions: ["qwen3"])) {
            try await store.remove("qwem3")
        }
        await #expect(throws: ModelStoreError.notFound("llama", suggestions: [])) { try await store.verify("llama") }
        for operation in [store.copy, store.rename] {
            await #expect(throws: ModelStoreError.notFound("llama", suggestions: [])) {
                try await operation("llama", "x")
            }
        }
        await #expect(throws: ModelStoreError.notFound("llama", suggestions: [])) { try await store.setActive("llama") }
        await #expect(throws: ModelStoreError.notFound("llama", suggestions: [])) {
            try await store.recordUse(of: "llama")
        }
        #expect(try await store.models().count == 4)
    }

    @Test("are active one at a time, until removed or none is")
    func active() async throws {
        let store = try await fixture.open()
        let file = try fixture.model()
        _ = try await store.importFile(at: file, as: "a")
        _ = try await store.importFile(at: file, as: "b")
        #expect(try await store.activeModel() == nil)
        try await store.setActive("a")
        try await store.setActive("B")
        #expect(try await store.activeModel()?.name == "b")
        #expect(try await store.models().filter(\.isActive).map(\.name) == ["b"])
        _ = try await store.remove("b")
        #expect(try await store.activeModel() == nil)
        try await store.setActive("a")
        try await store.setActive(nil)
        #expect(try await store.activeModel() == nil)
    }

    @Test("count their uses, also from two stores at once")
    func uses() async throws {
        let first = try await fixture.open()
        let second = try await fixture.open()
        _ = try await first.importFile(at: try fixture.model(), as: "a")
        try await withThrowingTaskGroup { group in
            for index in 0..<200 {
                group.addTask { try await (index.isMultiple(of: 2) ? first : second).recordUse(of: "a") }
            }
            try await group.waitForAll()
        }
        #expect(try await first.model(named: "a").useCount == 200)
    }
}

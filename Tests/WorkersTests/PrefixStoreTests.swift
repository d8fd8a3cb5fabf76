import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@testable import Workers

/// Computed prompts over unloading and loading again, in this process and in a worker.
@Suite("Computed prompts outlive the model")
struct PrefixStoreTests {
    enum Place: String, CaseIterable { case here, worker }

    /// Longer than the least distance of states: what cannot go back is kept no closer.
    private static let prompt = String(repeating: "One two three four five. ", count: 18)

    /// A model's lives, each with an answer to the same prompt.
    private struct Lives {
        let fixture: ProcessFixture
        let store: PrefixStore
        let launcher: any ModelLauncher
        let file: TinyModelFile

        init(_ place: Place, _ model: TinyModel) throws {
            let home = try ProcessFixture().folder
            let store = try PrefixStore(
                folder: home.appending(path: "cache/prefixes"), secret: home.appending(path: "keys/prefixes"),
                byteLimit: 64 << 20)
            fixture = try ProcessFixture { $0.prefixes = store }
            launcher = place == .here ? InProcessLauncher(prefixes: store) : fixture.launcher
            self.store = store
            file = try TinyModelFile(model)
            folder = home
        }

        let folder: URL

        var packs: [URL] {
            get throws {
                try FileManager.default.contentsOfDirectory(
                    at: folder.appending(path: "cache/prefixes"), includingPropertiesForKeys: nil
                ).filter { $0.pathExtension == "pack" }
            }
        }

        func answer(identity: String, tenant: String = "", cacheType: KVCacheType = .f16) async throws
            -> GenerationResult
        {
            var options = ProcessFixture.options(512)
            options.keyCacheType = cacheType
            let model = try await launcher.load(
                ModelFileSet(file.url), name: "tiny", options: options, identity: identity, progress: nil)
            var request = GenerationRequest(.text(PrefixStoreTests.prompt, addSpecial: true), options: .fixed(8))
            request.tenant = tenant
            let result = try await model.generate(request).outcome().result
            await model.unload()
            return result
        }

        func remove() {
            fixture.remove()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    @Test(
        "The same model begins with them, another one, other settings and another tenant do not",
        arguments: Place.allCases)
    func outlives(place: Place) async throws {
        let lives = try Lives(place, .llama())
        defer { lives.remove() }
        let first = try await lives.answer(identity: "a")
        #expect(first.cachedPromptTokenCount == 0)
        let second = try await lives.answer(identity: "a")
        #expect(second.cachedPromptTokenCount > first.promptTokenCount / 2)
        #expect(second.tokens == first.tokens)
        #expect(try await lives.answer(identity: "b").cachedPromptTokenCount == 0)
        #expect(try await lives.answer(identity: "a", cacheType: .bf16).cachedPromptTokenCount == 0)
        #expect(try await lives.answer(identity: "a", tenant: "other").cachedPromptTokenCount == 0)
        // The life in between, for somebody else, has lost nothing.
        #expect(try await lives.answer(identity: "a").cachedPromptTokenCount > first.promptTokenCount / 2)
    }

    @Test("A sliding window's and a recurrent state come back too", arguments: ["gemma3", "mamba"])
    func kinds(architecture: String) async throws {
        let lives = try Lives(.worker, architecture == "mamba" ? .mamba() : .gemma3())
        defer { lives.remove() }
        let first = try await lives.answer(identity: "a")
        let second = try await lives.answer(identity: "a")
        #expect(
            second.cachedPromptTokenCount > first.promptTokenCount / 2, "\(first.promptTokenCount) tokens of prompt")
        #expect(second.tokens == first.tokens)
    }

    @Test("What was changed on the disk is removed or computed again, and never believed", arguments: Place.allCases)
    func changed(place: Place) async throws {
        let lives = try Lives(place, .llama())
        defer { lives.remove() }
        let first = try await lives.answer(identity: "a")
        let pack = try #require(try lives.packs.first)
        let sound = try Data(contentsOf: pack)
        for offset in [3, sound.count / 2, sound.count - 5] {
            var broken = sound
            broken[offset] ^= 1
            try broken.write(to: pack)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: pack.path)
            let again = try await lives.answer(identity: "a")
            #expect(again.cachedPromptTokenCount == 0, "\(offset)")
            #expect(again.tokens == first.tokens, "\(offset)")
        }
        // Others could have written it.
        try sound.write(to: pack)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: pack.path)
        #expect(try await lives.answer(identity: "a").cachedPromptTokenCount == 0)
        #expect(try await lives.answer(identity: "a").cachedPromptTokenCount > 0)
    }
}

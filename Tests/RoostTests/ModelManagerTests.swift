import Foundation
import ModelFixtures
import Roost
import Testing

@Suite("The façade")
struct ModelManagerTests {
    /// A manager with a home of its own, which is removed after `body`.
    private func withManager(_ body: (ModelManager) async throws -> Void) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.threadCount = 1
        let manager = try await ModelManager(configuration: configuration, pressure: NoPressure())
        try await body(manager)
        await manager.shutdown()
    }

    private var short: GenerationOptions {
        var options = GenerationOptions.greedy
        options.maxTokens = 6
        options.ignoreEndOfGeneration = true
        return options
    }

    @Test("Import, list, generate, stream, chat, unload, delete in a few lines")
    func tour() async throws {
        let file = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        try await withManager { roost in
            let record = try await roost.importModel(at: file.url, as: "tiny")
            #expect(record.name.description == "tiny:latest")
            #expect(try await roost.downloadedModels().map(\.name) == [record.name])

            let result = try await roost.generate("Hello", model: "tiny", options: short)
            #expect(result.tokens.count == 6)
            var streamed = ""
            for try await event in roost.stream("Hello", model: "tiny", options: short) {
                if case .delta(let delta) = event { streamed += delta.text }
            }
            #expect(streamed == result.text)
            var chatted: GenerationResult?
            for try await event in roost.chat([.user("Hi")], model: "tiny", options: short) {
                if case .finished(let result) = event { chatted = result }
            }
            #expect(chatted?.tokens.count == 6)

            let status = try #require(try await roost.loadedModels().first)
            #expect(status.record.name == record.name)
            #expect(status.memory.weightsByteCount > 0)
            #expect(status.expiresAt != nil)
            #expect(try await roost.unload("tiny"))
            #expect(try await roost.loadedModels().isEmpty)
            #expect(try await roost.delete("tiny").freedByteCount > 0)
            #expect(try await roost.downloadedModels().isEmpty)
        }
    }

    @Test("The active model is taken when none is named; without one the error says so")
    func active() async throws {
        let file = try TinyModelFile(.llama())
        try await withManager { roost in
            await #expect(throws: RoostError.noActiveModel) { try await roost.generate("Hello") }
            _ = try await roost.importModel(at: file.url, as: "tiny")
            try await roost.setActive("tiny")
            #expect(try await roost.generate("Hello", options: short).tokens.count == 6)
        }
    }

    @Test("Two names of one file share what is in memory")
    func shared() async throws {
        let file = try TinyModelFile(.llama())
        try await withManager { roost in
            _ = try await roost.importModel(at: file.url, as: "tiny")
            try await roost.copy("tiny", to: "other:v2")
            let first = try await roost.load("tiny")
            #expect(try await roost.load("other:v2") === first)
            #expect(try await roost.loadedModels().count == 1)
            #expect(try await roost.delete("tiny").freedByteCount == 0)
            #expect(try await roost.generate("Hello", model: "other:v2", options: short).tokens.count == 6)
        }
    }

    @Test("An unknown name is an error that names it")
    func unknown() async throws {
        try await withManager { roost in
            let error = try await #require(throws: ModelStoreError.self) {
                try await roost.generate("Hello", model: "nobody")
            }
            #expect("\(error)".contains("nobody"))
        }
    }

    @Test("A pinned model stays past its keep-alive, and goes when it is unpinned")
    func pins() async throws {
        let file = try TinyModelFile(.llama())
        try await withManager { roost in
            _ = try await roost.importModel(at: file.url, as: "tiny")
            try await roost.load("tiny", keepAlive: .never, pinning: true)
            let status = try #require(try await roost.loadedModels().first)
            #expect(status.isPinned)
            #expect(status.isolation == .inProcess)
            #expect(status.expiresAt == nil)
            #expect(try await roost.unpin("tiny"))
            #expect(try await !roost.unpin("tiny"))
            while try await !roost.loadedModels().isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test("The models of the configuration are pinned at the start; one that is not there is told")
    func pinnedModels() async throws {
        let file = try TinyModelFile(.llama())
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.threadCount = 1
        configuration.pinnedModels = ["nobody", "tiny"]
        let roost = try await ModelManager(configuration: configuration)
        _ = try await roost.importModel(at: file.url, as: "tiny")
        let failures = await roost.loadPinnedModels()
        #expect(failures.map(\.name) == ["nobody"])
        #expect(try await roost.loadedModels().map(\.isPinned) == [true])
        await roost.shutdown()
    }

    @Test("Another model proposes tokens, where it can; one that is not there or does not fit says so")
    func draft() async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let files = try ["tiny": TinyModelFile(.llama()), "recurrent": TinyModelFile(.mamba())]
        func answer(_ drafts: [String: String]) async throws -> GenerationResult {
            var configuration = RoostConfiguration(homeDirectory: home)
            configuration.load.threadCount = 1
            configuration.draftModels = drafts
            let roost = try await ModelManager(configuration: configuration)
            for (name, file) in files { _ = try await roost.importModel(at: file.url, as: name, replacing: true) }
            var options = GenerationOptions.greedy
            options.maxTokens = 24
            let answer: Result<GenerationResult, any Error>
            do {
                answer = .success(try await roost.generate("Hello", model: "tiny", options: options))
            } catch {
                answer = .failure(error)
            }
            await roost.shutdown()
            return try answer.get()
        }
        let plain = try await answer([:])
        #expect(try await answer(["tiny:latest": "tiny", "other": "nobody"]).tokens == plain.tokens)
        await #expect(throws: ModelStoreError.self) { try await answer(["tiny": "nobody"]) }
        let error = await #expect(throws: InferenceError.self) { try await answer(["tiny": "recurrent"]) }
        #expect("\(error as Any)".contains("cache can drop single tokens"))
    }

    @Test("A model that may not have its memory is refused with the numbers")
    func limited() async throws {
        let file = try TinyModelFile(.llama())
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.memoryLimit = .bytes(1000)
        let roost = try await ModelManager(configuration: configuration)
        _ = try await roost.importModel(at: file.url, as: "tiny")
        let error = try await #require(throws: InferenceError.self) { try await roost.load("tiny") }
        guard case .doesNotFit("tiny:latest", let advice) = error else {
            Issue.record("another error: \(error)")
            return
        }
        #expect(advice.first?.contains("1 kB can be had") == true, "\(advice)")
        await roost.shutdown()
    }

    @Test("Requests of any kind, tokens and prompts go through the façade")
    func requests() async throws {
        let file = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        try await withManager { roost in
            _ = try await roost.importModel(at: file.url, as: "tiny")
            let tokens = try await roost.tokenize("Hello", model: "tiny")
            #expect(try await roost.detokenize(tokens, model: "tiny").contains("Hello"))
            let results = try await roost.generate(GenerationRequest(.tokens(tokens), options: short), model: "tiny")
            #expect(results.map(\.tokens.count) == [6])
            let prompt = try await roost.prompt(for: ChatRequest([.user("Hi")]), model: "tiny")
            #expect(prompt.contains("Hi"))
        }
    }
}

import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Testing

@Suite("What is refused, and how")
struct RefusalTests {
    private func load(_ path: String) async throws -> LoadedModel {
        try await LoadedModel.load(at: URL(fileURLWithPath: path))
    }

    @Test("A missing file, a folder and another format are told apart")
    func files() async throws {
        await #expect(throws: InferenceError.fileMissing(path: "/nowhere/model.gguf")) {
            try await load("/nowhere/model.gguf")
        }
        let folder = FileManager.default.temporaryDirectory.path
        await #expect(throws: InferenceError.fileUnreadable(path: folder, reason: "it is a folder")) {
            try await load(folder)
        }
        let text = try TemporaryFile(Array("Hello".utf8))
        await #expect(throws: InferenceError.notGGUF(path: text.url.path, found: "48 65 6c 6c")) {
            try await load(text.url.path)
        }
    }

    @Test("An unknown architecture is named")
    func architecture() async throws {
        var model = TinyModel.llama()
        model["general.architecture"] = .string("martian")
        let file = try TinyModelFile(model)
        await #expect(throws: InferenceError.unsupportedArchitecture(path: file.url.path, architecture: "martian")) {
            try await file.load()
        }
    }

    @Test("A file cut short is refused with the engine's reason")
    func truncated() async throws {
        let bytes = try TinyModel.llama().bytes()
        let file = try TemporaryFile(Array(bytes.prefix(bytes.count / 2)))
        let error = try await #require(throws: InferenceError.self) { try await load(file.url.path) }
        guard case .loadFailed(let path, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(path == file.url.path)
        #expect(reason.count > 10)
    }

    @Test("A context that cannot fit in memory is refused with both numbers")
    func memory() async throws {
        let file = try TinyModelFile(.llama(contextLength: 1 << 27))
        let error = try await #require(throws: InferenceError.self) { try await file.load(contextLength: 1 << 27) }
        guard case .outOfMemory(let needed, let available, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(needed > available)
        #expect(available > 0)
    }

    @Test("A prompt longer than the context is refused with both numbers, and the next one is served")
    func longPrompt() async throws {
        let model = try await TinyModelFile(.llama()).load(contextLength: 64)
        let prompt = String(repeating: "Hello ", count: 200)
        let count = try await model.tokenize(prompt).count
        await #expect(
            throws: InferenceError.promptTooLong(promptTokenCount: count, contextLength: 64, trainedContextLength: 512)
        ) {
            try await model.generate(prompt).outcome()
        }
        #expect(try await model.generate("Hello", options: .fixed(4)).outcome().result.tokens.count == 4)
        await model.unload()
    }

    @Test("Options out of range, a broken grammar and unknown tokens are named")
    func options() async throws {
        let model = try await TinyModelFile(.llama()).load()
        var options = GenerationOptions.fixed(4)
        options.topP = 1.5
        await #expect(throws: InferenceError.invalidOption(name: "top_p", value: "1.5", rule: "between 0 and 1")) {
            try await model.generate("Hello", options: options).outcome()
        }
        options = .fixed(4)
        options.format = .grammar("root ::= (")
        let error = try await #require(throws: InferenceError.self) {
            try await model.generate("Hello", options: options).outcome()
        }
        guard case .invalidGrammar = error else {
            Issue.record("\(error)")
            return
        }
        await #expect(throws: InferenceError.self) {
            try await model.generate(tokens: [1, 1_000_000], options: .fixed(4)).outcome()
        }
        await #expect(throws: InferenceError.emptyPrompt) {
            try await model.generate(tokens: [], options: .fixed(4)).outcome()
        }
        await #expect(throws: InferenceError.self) { try await model.detokenize([-1]) }
        await model.unload()
    }

    @Test("A base model has no chat, an embedding model no text")
    func kinds() async throws {
        let base = try await TinyModelFile(.llama()).load()
        #expect(!base.info.hasChatTemplate)
        await #expect(throws: InferenceError.noChatTemplate(model: base.info.name)) {
            try await base.chat([.user("Hi")]).outcome()
        }
        await base.unload()

        let embedder = try await TinyModelFile(.bert()).load()
        #expect(!embedder.info.isGenerative)
        await #expect(throws: InferenceError.notAGenerator(architecture: "bert")) {
            try await embedder.generate("Hi").outcome()
        }
        await embedder.unload()
    }

    @Test("A template that fails says why, and the model goes on")
    func template() async throws {
        let template = "{{ raise_exception('only questions, please') }}"
        let model = try await TinyModelFile(.llama(chatTemplate: template)).load()
        let error = try await #require(throws: InferenceError.self) {
            try await model.chat([.user("Hi")]).outcome()
        }
        guard case .templateFailed(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains("only questions, please"))
        #expect(try await model.generate("Hi", options: .fixed(2)).outcome().result.tokens.count == 2)
        await model.unload()
    }
}

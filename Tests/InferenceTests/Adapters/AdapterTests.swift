import Foundation
import ModelFixtures
import ModelFormats
import Testing

@testable import Inference

@Suite("LoRA adapters")
struct AdapterTests {
    private static let prompt = "the light of the world is"
    private static let count = 48

    private static func set(
        _ engine: PlainEngine, _ adapters: [(name: String, model: TinyModel)]
    ) throws -> (AdapterSet, [TinyModelFile]) {
        let files = try adapters.map { try TinyModelFile($0.model) }
        let set = try AdapterSet(
            files: zip(adapters, files).map { .init(name: $0.name, file: $1.url) }, model: engine.model)
        return (set, files)
    }

    @Test("With the scale 0 the tokens are the model's own, with 1 others; saying nothing means 1")
    func scales() throws {
        let engine = try PlainEngine(try TinyModelFile(.llama()))
        let base = try engine.greedy(Self.prompt, count: Self.count)
        let (adapters, _) = try Self.set(engine, [("style", .adapter())])
        #expect(adapters.names == ["style"])
        #expect(try engine.greedy(Self.prompt, count: Self.count) == base)
        try adapters.apply(["style": 1], to: engine.context)
        let changed = try engine.greedy(Self.prompt, count: Self.count)
        #expect(changed != base)
        try adapters.apply(["style": 0], to: engine.context)
        #expect(try engine.greedy(Self.prompt, count: Self.count) == base)
        try adapters.apply(nil, to: engine.context)
        #expect(try engine.greedy(Self.prompt, count: Self.count) == changed)
        try adapters.apply([:], to: engine.context)
        #expect(try engine.greedy(Self.prompt, count: Self.count) == base)
    }

    @Test(
        "Greedy tokens are llama-server's with the same adapter and scale", .enabled(if: TestEnvironment.tools != nil))
    func equal() async throws {
        let file = try TinyModelFile(.llama())
        let engine = try PlainEngine(file)
        let (adapters, files) = try Self.set(engine, [("style", .adapter())])
        for scale in [Float(1), 0.5, -2] {
            let server = try await PeerServer(model: file.url, ["--lora-scaled", "\(files[0].url.path):\(scale)"])
            let theirs = try await server.tokens(Self.prompt, count: Self.count)
            try adapters.apply(["style": scale], to: engine.context)
            #expect(try engine.greedy(Self.prompt, count: Self.count) == theirs, "\(scale)")
        }
    }

    @Test("Two adapters add up, each by its own scale")
    func two() throws {
        let engine = try PlainEngine(try TinyModelFile(.llama()))
        let (adapters, _) = try Self.set(engine, [("a", .adapter()), ("b", .adapter(seed: 32))])
        var results: Set<[Int32]> = []
        for scales in [[:], ["a": 1], ["b": 1], ["a": 1, "b": 1]] as [[String: Float]] {
            try adapters.apply(scales, to: engine.context)
            results.insert(try engine.greedy(Self.prompt, count: Self.count))
        }
        #expect(results.count == 4)
    }

    @Test("An adapter that is already open is read from its beginning, and stays open")
    func descriptor() throws {
        let engine = try PlainEngine(try TinyModelFile(.llama()))
        let file = try TinyModelFile(.adapter())
        let handle = try FileHandle(forReadingFrom: file.url)
        defer { try? handle.close() }
        _ = try handle.read(upToCount: 100)
        let adapters = try AdapterSet(
            descriptors: [("style", file.url.path, handle.fileDescriptor)], model: engine.model)
        try adapters.apply(nil, to: engine.context)
        let opened = try engine.greedy(Self.prompt, count: Self.count)
        let named = try AdapterSet(files: [.init(name: "style", file: file.url)], model: engine.model)
        try named.apply(nil, to: engine.context)
        #expect(try engine.greedy(Self.prompt, count: Self.count) == opened)
        try handle.seek(toOffset: 0)
        #expect(try handle.read(upToCount: 4) == Data("GGUF".utf8))
    }

    @Test("An unknown name, a scale that is no number, a name twice: each is refused")
    func refusedRequests() throws {
        let engine = try PlainEngine(try TinyModelFile(.llama()))
        let (adapters, files) = try Self.set(engine, [("style", .adapter())])
        #expect(throws: InferenceError.unknownAdapter(name: "other", known: ["style"])) {
            try adapters.apply(["style": 1, "other": 1], to: engine.context)
        }
        #expect(throws: InferenceError.self) { try adapters.apply(["style": .nan], to: engine.context) }
        for names in [["a", "a"], [""]] {
            #expect(throws: InferenceError.self) {
                try AdapterSet(files: names.map { .init(name: $0, file: files[0].url) }, model: engine.model)
            }
        }
    }

    @Test("A file that is no adapter, or one of another model, is refused with its path and the reason")
    func refusedFiles() throws {
        let engine = try PlainEngine(try TinyModelFile(.llama()))
        func refusal(_ file: URL) -> InferenceError? {
            do {
                _ = try AdapterSet(files: [.init(name: "style", file: file)], model: engine.model)
                return nil
            } catch { return error as? InferenceError }
        }
        let missing = URL(fileURLWithPath: "/nowhere/adapter.gguf")
        #expect(refusal(missing) == .fileMissing(path: missing.path))
        var wide = TinyModel.adapter()
        wide["general.type"] = .string("model")
        for (model, reason) in [
            (TinyModel.adapter(architecture: "qwen2"), "arch"), (wide, "general.type"), (.llama(), "adapter"),
        ] {
            let file = try TinyModelFile(model)
            let error = try #require(refusal(file.url))
            guard case .loadFailed(let path, let text) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(path == file.url.path)
            #expect(text.contains(reason), "\(text)")
        }
        let broken = try TemporaryFile(Array("GGUF and nothing more".utf8))
        #expect(refusal(broken.url) != nil)
    }
}

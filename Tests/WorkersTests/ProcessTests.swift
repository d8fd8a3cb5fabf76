import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing
import Waiting

@testable import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A model in a worker", .serialized)
struct ProcessTests {
    @Test("gives the tokens that it gives in this process", arguments: ["llama", "qwen2", "gemma3"])
    func sameTokens(architecture: String) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let models: [String: TinyModel] = ["llama": .llama(), "qwen2": .qwen2(), "gemma3": .gemma3()]
        let file = try TinyModelFile(try #require(models[architecture]))
        let (here, there) = (try await file.load(), try await fixture.load(file))
        var info = there.info
        info.name = here.info.name
        #expect(info == here.info)
        #expect(there.info.name == "tiny")
        #expect(there.memory == here.memory)
        let expected = try await here.generate(.long(count: 40)).outcome()
        let answer = try await there.generate(.long(count: 40)).outcome()
        #expect(answer.result.tokens == expected.result.tokens)
        #expect(answer.streamed == expected.streamed)
        #expect(answer.result.text == answer.streamed)
        await there.unload()
        await here.unload()
    }

    @Test(
        "gives the real model's tokens too, and everybody's to each",
        .enabled(if: ProcessFixture.realModel != nil, "ROOST_TEST_MODEL is not set"))
    func realModel() async throws {
        let url = try #require(ProcessFixture.realModel)
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        var options = ProcessFixture.options(1024)
        // One after another: batches of another shape round the last bits otherwise, which decides between near-equals.
        options.parallelRequestCount = 1
        let there = try await fixture.launcher.start(ModelFileSet(url), name: "gemma3:270m", options: options)
        let here = try await LoadedModel.load(at: url, options: options)
        let prompts = ["The capital of France is", "Once upon a time", "def main():"]
        let answers = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
            for (index, prompt) in prompts.enumerated() {
                group.addTask { (index, try await there.generate(.long(prompt, count: 24)).outcome().result.tokens) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, prompt) in prompts.enumerated() {
            let expected = try await here.generate(.long(prompt, count: 24)).outcome().result.tokens
            #expect(answers[index] == expected, "\(prompt)")
        }
        await there.unload()
        await here.unload()
    }

    @Test("of several parts is loaded")
    func parts() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let parts = try TinyModel.llama().parts(3).map { try TinyModelFile($0) }
        let whole = try TinyModelFile(.llama())
        let there = try await fixture.launcher.start(
            ModelFileSet(weights: parts.map(\.url)), name: "parts", options: ProcessFixture.options())
        let here = try await whole.load()
        let expected = try await here.generate(.long(count: 24)).outcome().result.tokens
        #expect(try await there.generate(.long(count: 24)).outcome().result.tokens == expected)
        await there.unload()
        await here.unload()
    }

    @Test("tokenizes, writes prompts and answers a chat")
    func tokens() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        let (here, there) = (try await file.load(), try await fixture.load(file))
        let text = "Hello wörld 🙂 <|im_start|>"
        for parses in [false, true] {
            let expected = try here.tokenize(text, addSpecial: true, parseSpecial: parses)
            let tokens = try await there.tokenize(text, addSpecial: true, parseSpecial: parses)
            #expect(tokens == expected)
            let back = try await there.detokenize(tokens, removeSpecial: false, unparseSpecial: true)
            #expect(try here.detokenize(tokens, removeSpecial: false, unparseSpecial: true) == back)
        }
        let chat = ChatRequest([.system("Be brief."), .user("Hi")])
        #expect(try await there.prompt(for: chat) == here.prompt(for: chat))
        await #expect(throws: InferenceError.self) { _ = try await there.detokenize([1 << 30]) }
        let result = try await there.chat([.user("Hi")], options: .fixed(8)).outcome().result
        #expect(result.tokens.count == 8)
        await there.unload()
        await here.unload()
    }

    @Test("refuses what the model refuses, in its words")
    func refusals() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let there = try await fixture.load(file, contextLength: 64)
        let long = String(repeating: "word ", count: 500)
        await #expect {
            _ = try await there.generate(.long(long)).outcome()
        } throws: {
            guard case InferenceError.promptTooLong(_, 64, _) = $0 else { return false }
            return true
        }
        await #expect {
            _ = try await there.chat([.user("Hi")]).outcome()
        } throws: {
            guard case InferenceError.noChatTemplate(let model) = $0 else { return false }
            return model == "tiny"
        }
        var options = GenerationOptions.greedy
        options.logitBias = [5: -.infinity]
        options.maxTokens = 4
        #expect(try await there.generate("Hi", options: options).outcome().result.tokens.contains(5) == false)
        options.format = .grammar("root ::= (")
        await #expect(throws: InferenceError.self) { _ = try await there.generate("Hi", options: options).outcome() }
        await there.unload()
    }

    @Test("cannot be loaded from what is no model, and the message names the file")
    func badFiles() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let missing = fixture.folder.appending(path: "none.gguf")
        await #expect(throws: InferenceError.fileMissing(path: missing.path)) {
            _ = try await fixture.launcher.start(ModelFileSet(missing), name: "none")
        }
        let folder = FileManager.default.temporaryDirectory
        await #expect(throws: InferenceError.fileUnreadable(path: folder.path, reason: "it is a folder")) {
            _ = try await fixture.launcher.start(ModelFileSet(folder), name: "folder")
        }
        let text = try TemporaryFile(Array("This is no model.".utf8))
        await #expect(throws: InferenceError.notGGUF(path: text.url.path, found: "54 68 69 73")) {
            _ = try await fixture.launcher.start(ModelFileSet(text.url), name: "text")
        }
        let half = try TemporaryFile(Array(try TinyModel.llama().bytes().dropLast(5000)))
        await #expect {
            _ = try await fixture.launcher.start(ModelFileSet(half.url), name: "half")
        } throws: {
            guard case InferenceError.loadFailed(let path, _) = $0 else { return false }
            return path == half.url.path
        }
    }

    @Test("stops when nobody reads, and goes on with others")
    func cancelling() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        for try await event in model.generate(.endless()) { if case .delta = event { break } }
        #expect(try await eventually { model.activity.activeRequestCount == 0 })
        let task = Task { try await model.generate(.endless()).outcome() }
        task.cancel()
        _ = try? await task.value
        #expect(try await model.generate(.long(count: 5)).outcome().result.tokens.count == 5)
        await model.unload()
    }

    @Test("is gone with its process when it is unloaded, and its streams end")
    func unloading() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        let activity = model.activity
        let pid = try #require(activity.processIdentifier)
        #expect(try #require(activity.residentByteCount) > 1 << 20)
        let stream = model.generate(.endless())
        var iterator = stream.makeAsyncIterator()
        _ = try await iterator.next()
        await model.unload()
        #expect(ProcessFacts(pid: pid).isGone)
        await #expect(throws: InferenceError.unloaded) { while try await iterator.next() != nil {} }
        await #expect(throws: InferenceError.unloaded) { _ = try await model.tokenize("Hi") }
        await #expect(throws: InferenceError.unloaded) { _ = try await model.generate("Hi").outcome() }
        await model.unload()
    }

    @Test("is gone when the last reference to it goes")
    func forgetting() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        var pid: Int32?
        do {
            let model = try await fixture.load(file)
            pid = model.activity.processIdentifier
        }
        let facts = ProcessFacts(pid: try #require(pid))
        #expect(try await eventually { facts.isGone })
    }

    @Test("dies with the process that started it")
    func parentDeath() async throws {
        let file = try TinyModelFile(.llama())
        let program = try ProcessFixture.path("WorkerProgram")
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = ["parent", program.path, file.url.path]
        process.standardOutput = output
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        let line = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: output.fileHandleForReading.availableData) }
        }
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let worker = ProcessFacts(pid: try #require(Int32(text), "it printed “\(text)”"))
        #expect(worker.isAlive)
        kill(process.processIdentifier, SIGKILL)
        #expect(try await eventually { !worker.isAlive })
    }

    @Test("is loaded again and again without a descriptor left behind")
    func descriptors() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        await (try fixture.load(file)).unload()
        let own = ProcessFacts(pid: getpid())
        let inode = { own.descriptors.values.filter { $0.hasPrefix(file.url.path) }.count }
        for _ in 0..<3 {
            let model = try await fixture.load(file)
            // The thread of the one before may hold its files for a moment more.
            #expect(try await eventually { inode() == 1 })
            await model.unload()
        }
        #expect(try await eventually { inode() == 0 })
    }

    @Test("is not loaded when the one who asked has gone")
    func cancelledLoad() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let task = Task { try await fixture.load(file) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
}

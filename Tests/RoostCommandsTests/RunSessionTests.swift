import Foundation
import ModelFixtures
import Roost
import Terminal
import Testing

@testable import RoostCommands

/// Memory that never runs out: what other tests take of it makes no model go.
private struct NoPressure: MemoryPressure {
    func signals() -> AsyncStream<Void> { AsyncStream { _ in } }
}

/// A session over the real engine with a tiny model, written to memory instead of a terminal.
@Suite struct RunSessionTests {
    private struct Bench {
        let manager: ModelManager
        let output: MemorySink
        let error: MemorySink
        var session: RunSession
    }

    private func withSession(
        template: String?, terminal: Bool = false, _ body: (inout Bench) async throws -> Void
    ) async throws {
        let file = try TinyModelFile(.llama(chatTemplate: template))
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-run-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        var configuration = RoostConfiguration(homeDirectory: home)
        configuration.load.threadCount = 1
        let manager = try await ModelManager(configuration: configuration, pressure: NoPressure())
        let model = try await manager.importModel(at: file.url, as: "tiny")
        var settings = RunSettings()
        settings.load = configuration.load
        settings.generation = .greedy
        settings.generation.maxTokens = 8
        settings.generation.ignoreEndOfGeneration = true
        let (output, error) = (MemorySink(), MemorySink())
        let session = RunSession(
            backend: LocalBackend(manager: manager), model: .stored(model), settings: settings,
            output: Console(sink: output, isTerminal: terminal), error: Console(sink: error), showsStatistics: false)
        var bench = Bench(manager: manager, output: output, error: error, session: session)
        do {
            try await body(&bench)
        } catch {
            await manager.shutdown()
            throw error
        }
        await manager.shutdown()
    }

    @Test func anAnswerIsWhatTheLibraryGenerates() async throws {
        try await withSession(template: nil) { bench in
            let expected = try await bench.manager.generate(
                "Hello", model: "tiny", options: bench.session.settings.generation)
            #expect(try await bench.session.answer("Hello"))
            #expect(bench.output.text == expected.text + (expected.text.hasSuffix("\n") ? "" : "\n"))
        }
    }

    @Test func aBaseModelSaysSoOnceAndKeepsNoConversation() async throws {
        try await withSession(template: nil) { bench in
            for _ in 0..<2 { _ = try await bench.session.answer("Hello") }
            #expect(bench.error.text.components(separatedBy: "is a base model").count == 2)
            #expect(!bench.session.isChat)
            #expect(bench.session.messages.isEmpty)
        }
    }

    @Test func aConversationIsKeptAndForgotten() async throws {
        try await withSession(template: TinyModel.chatML) { bench in
            _ = try await bench.session.answer("Hello")
            let first = bench.output.text
            #expect(bench.session.messages.first == .user("Hello"))
            #expect(bench.session.messages.count == 2)
            _ = try await bench.session.answer("And?")
            #expect(bench.session.messages.count == 4)
            #expect(bench.error.text.isEmpty)
            bench.session.clear()
            #expect(bench.session.messages.isEmpty)
            _ = try await bench.session.answer("Hello")
            // Greedy, and nothing of the conversation is left: the same answer as the first.
            #expect(bench.output.text.hasPrefix(first))
            #expect(bench.output.text.hasSuffix(first))
        }
    }

    @Test func whatIsSaidIsKeptOnceThatIsAsked() async throws {
        try await withSession(template: TinyModel.chatML) { bench in
            let history = try await bench.manager.history
            bench.session.settings.system = "Be kind."
            _ = try await bench.session.answer("Hello")
            #expect(try await history.conversations().conversations.isEmpty)
            bench.session.recorder = try ConversationRecorder(history)
            await bench.session.keep()
            bench.session.settings.system = nil
            _ = try await bench.session.answer("And?")
            let kept = try #require(try await history.conversations().conversations.first)
            let messages = try await history.messages(of: kept.id)
            #expect(kept.title == "Hello" && kept.model == "tiny:latest")
            #expect(messages.map(\.role) == [.system, .user, .assistant, .system, .user, .assistant])
            #expect(messages.map(\.content).prefix(2) == ["Be kind.", "Hello"])
            #expect(messages[3].content.isEmpty && messages[4].content == "And?")
            #expect(bench.error.text.contains(kept.shortID))

            // Another session goes on as this one would.
            let expected = bench.session.messages
            var other = bench.session
            other.clear()
            #expect(other.messages.isEmpty)
            other.resume(kept, messages, in: history)
            #expect(other.messages == expected && other.settings.system == nil)
            _ = try await other.answer("More")
            #expect(try await history.conversation(kept.id).messageCount == 8)
        }
    }

    @Test func afterClearAnotherConversationIsKept() async throws {
        try await withSession(template: TinyModel.chatML) { bench in
            let history = try await bench.manager.history
            bench.session.recorder = try ConversationRecorder(history, title: "First")
            _ = try await bench.session.answer("Hello")
            bench.session.clear()
            _ = try await bench.session.answer("Other")
            #expect(try await history.conversations().conversations.map(\.title) == ["Other", "First"])
        }
    }

    @Test func whatWasDeletedMeanwhileIsNotKeptAgain() async throws {
        try await withSession(template: TinyModel.chatML) { bench in
            let history = try await bench.manager.history
            bench.session.recorder = try ConversationRecorder(history)
            _ = try await bench.session.answer("Hello")
            #expect(try await history.deleteAll() == 1)
            _ = try await bench.session.answer("Other")
            #expect(bench.error.text.contains("deleted meanwhile"))
            _ = try await bench.session.answer("More")
            #expect(try await history.conversations().conversations.isEmpty)
        }
    }

    @Test func aBaseModelsTextsAreKeptTooWithAnUnkeptTurnTriedAgain() async throws {
        try await withSession(template: nil) { bench in
            var limits = HistoryLimits()
            limits.messageByteCount = 100
            let history = try ChatHistory(
                in: bench.manager.configuration.homeDirectory, limits: limits)
            bench.session.recorder = try ConversationRecorder(history)
            _ = try await bench.session.answer("Hello")
            _ = try await bench.session.answer(String(repeating: "a ", count: 60))
            #expect(bench.error.text.contains("Not kept:"))
            #expect(try await history.conversations().conversations.first?.messageCount == 2)
        }
    }

    @Test func jsonIsOneObjectWithTheAnswerAndItsCost() async throws {
        try await withSession(template: nil) { bench in
            #expect(try await bench.session.answer("Hello", format: .json))
            let object = try JSONSerialization.jsonObject(with: Data(bench.output.text.utf8))
            let report = try #require(object as? [String: Any])
            #expect(report["model"] as? String == "tiny:latest")
            #expect(report["completionTokenCount"] as? Int == 8)
            #expect(report["finishReason"] as? String == "length")
            #expect((report["text"] as? String)?.isEmpty == false)
            let memory = try #require(report["memory"] as? [String: Any])
            #expect(try #require(memory["modelByteCount"] as? Int) > 0)
        }
    }

    @Test func eventsAreLinesThatMakeUpTheAnswer() async throws {
        try await withSession(template: nil) { bench in
            #expect(try await bench.session.answer("Hello", format: .events))
            let lines = try bench.output.text.split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            let text = lines.filter { $0["type"] as? String == "text" }.compactMap { $0["text"] as? String }.joined()
            let last = try #require(lines.last)
            #expect(last["type"] as? String == "result")
            #expect((last["result"] as? [String: Any])?["text"] as? String == text)
        }
    }

    @Test func statisticsGoToStandardErrorAlone() async throws {
        try await withSession(template: nil) { bench in
            bench.session.showsStatistics = true
            _ = try await bench.session.answer("Hello")
            #expect(bench.error.text.contains("tokens/s"))
            #expect(bench.error.text.contains("first token"))
            #expect(bench.error.text.contains("memory"))
            #expect(!bench.output.text.contains("tokens/s"))
        }
    }

    @Test func aRefusedPromptLeavesTheConversationAsItWas() async throws {
        try await withSession(template: TinyModel.chatML) { bench in
            _ = try await bench.session.answer("Hello")
            let messages = bench.session.messages
            let long = String(repeating: "Hello world ", count: 20_000)
            await #expect(throws: InferenceError.self) { _ = try await bench.session.answer(long) }
            #expect(bench.session.messages == messages)
        }
    }

    @Test func aFileIsTakenIntoTheStoreAndFoundAgain() async throws {
        try await withSession(template: nil) { bench in
            let choice = ModelChoice(manager: bench.manager, error: Console(sink: bench.error))
            let file = try TinyModelFile(.qwen2())
            let model = try await choice.model(for: file.url.path)
            #expect(bench.error.text.contains("roost run \(model.name.display)"))
            #expect(try await choice.model(for: model.name.display).record?.digest == model.record?.digest)
            #expect(try await choice.model(for: file.url.path).name == model.name)
        }
    }

    @Test(arguments: ["nothing", "/nowhere/model.gguf", "bad name!"])
    func aModelThatIsNotThereIsRefusedWithASentence(argument: String) async throws {
        try await withSession(template: nil) { bench in
            let choice = ModelChoice(manager: bench.manager, error: Console(sink: bench.error))
            let error = await #expect(throws: (any Error).self) { try await choice.model(for: argument) }
            #expect(error.map { "\($0)" }?.contains(argument) == true)
        }
    }

    @Test func withoutANameTheActiveModelIsTaken() async throws {
        try await withSession(template: nil) { bench in
            let choice = ModelChoice(manager: bench.manager, error: Console(sink: bench.error))
            await #expect(throws: RunError.self) { try await choice.model(for: nil) }
            try await bench.manager.setActive("tiny")
            #expect(try await choice.model(for: nil).name.description == "tiny:latest")
        }
    }
}

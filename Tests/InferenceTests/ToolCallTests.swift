import EngineFixtures
import Foundation
import ModelFixtures
import Testing

@testable import Inference

@Suite("Tool calls", .enabled(if: !TemplateFiles.all.isEmpty))
struct ToolCallTests {
    @Test("A call that is required comes in deltas of name, id and arguments, and ends the answer as one")
    func required() async throws {
        var ended: [String] = []
        for template in TemplateFiles.all where try await isCalled(template) {
            ended.append(template.lastPathComponent)
        }
        // The others cannot write a call into a history, or write it where their model is still to think.
        #expect(ended.count >= 50, "\(ended)")
    }

    /// Whether a model that says what the template itself writes for a call comes to the end of its answer with it.
    private func isCalled(_ template: URL) async throws -> Bool {
        let name = template.lastPathComponent
        let subject = try await TemplateSubject(file: try TinyModelFile(.qwen2(contextLength: 512)), template: template)
        guard let written = try subject.writtenAnswers().first(where: { $0.name == "one call" })?.conversation,
            let text = written.chat.messages.last?.content, (try? subject.output(.required)) != nil
        else { return false }
        let (prompt, answer) = try subject.tokens(.required, answer: text)
        let file = try TinyModelFile(
            .reciting(
                answer + [subject.endToken], from: prompt.count,
                chatTemplate: try String(contentsOf: template, encoding: .utf8)))
        let model = try await file.load()
        var options = GenerationOptions()
        options.seed = 1
        options.maxTokens = answer.count + 1
        var message = ParsedMessage()
        var result: GenerationResult?
        for try await event in model.generate(
            GenerationRequest(.chat(TemplateConversation.required.chat), options: options))
        {
            switch event {
            case .delta(let delta): message.take(delta)
            case .finished(let finished): result = finished
            case .queued, .promptProgress: break
            }
        }
        await model.unload()
        let finished = try #require(result)
        #expect(finished.toolCalls == message.toolCalls, "\(name)")
        guard finished.finishReason == .toolCalls else { return false }
        let call = try #require(finished.toolCalls.first)
        let wanted = try #require(TemplateConversation.calling(1).toolCalls.first)
        #expect(finished.toolCalls.map(\.name) == [wanted.name], "\(name)")
        #expect(!call.id.isEmpty, "\(name)")
        #expect(try JSONObject(call.arguments) == JSONObject(wanted.arguments), "\(name)")
        return true
    }

    @Test(
        "An answer reads the same in small pieces and as a whole", arguments: TemplateFiles.all.map(\.lastPathComponent)
    )
    func pieces(name: String) async throws {
        let template = try #require(TemplateFiles.all.first { $0.lastPathComponent == name })
        let subject = try await TemplateSubject(
            file: try TinyModelFile(.qwen2(contextLength: 512)), template: template)
        guard let rules = try? subject.output(.offered).parser else { return }
        for written in try subject.writtenAnswers() {
            let text = try #require(written.conversation.chat.messages.last).content
            let whole = try TemplateParser(rules)
            _ = try whole.append(text)
            _ = try whole.finish()
            // What the format does not read at all is given as it is, from where it stopped to be read on.
            guard whole.isUnderstood else { continue }
            let parser = whole.fresh()
            var emitted = ParsedMessage()
            var rest = Substring(text)
            while !rest.isEmpty {
                emitted.take(try parser.append(String(rest.prefix(3))))
                rest = rest.dropFirst(3)
            }
            emitted.take(try parser.finish())
            #expect(emitted == parser.message, "\(written.name)")
            #expect(emitted.content == whole.message.content, "\(written.name)")
            #expect(emitted.toolCalls.map(\.name) == whole.message.toolCalls.map(\.name), "\(written.name)")
            #expect(emitted.toolCalls.map(\.arguments) == whole.message.toolCalls.map(\.arguments), "\(written.name)")
            #expect(Set(emitted.toolCalls.map(\.id)).count == emitted.toolCalls.count)
        }
    }

    @Test("An answer of brackets within brackets is text, and no stack ends")
    func brackets() async throws {
        let template = try #require(
            TemplateFiles.all.first { $0.lastPathComponent == "Qwen-Qwen2.5-7B-Instruct.jinja" })
        let subject = try await TemplateSubject(
            file: try TinyModelFile(.qwen2(contextLength: 512)), template: template)
        let parser = try TemplateParser(try subject.output(.offered).parser)
        let text = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": " + String(repeating: "[", count: 100_000)
        var message = ParsedMessage()
        for part in stride(from: 0, to: text.utf8.count, by: 1000) {
            message.take(try parser.append(String(text.dropFirst(part).prefix(1000))))
        }
        message.take(try parser.finish())
        #expect(message.content.hasSuffix("[[[["))
    }
}

/// An object as JSON, whatever the order and the spaces.
private struct JSONObject: Equatable {
    let bytes: Data

    init(_ text: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        bytes = try JSONSerialization.data(withJSONObject: value, options: .sortedKeys)
    }
}

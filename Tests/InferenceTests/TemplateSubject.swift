import Foundation
import ModelFixtures
import Testing

@testable import Inference

/// One template in Roost, over a tiny model's vocabulary.
struct TemplateSubject {
    /// An answer as the template itself writes it, to be read.
    struct Written {
        var name: String
        /// Ends with the answer, to be gone on with.
        var conversation: TemplateConversation
    }

    private let model: ModelHandle
    private let templates: TemplateCache
    private let preparer: PromptPreparer

    init(file: TinyModelFile, template: URL) async throws {
        let loader = ModelLoader(
            files: ModelFileSet(file.url), options: LoadOptions(), vocabularyOnly: false, progress: nil,
            isCancelled: CancellationFlag())
        model = try loader.load()
        templates = TemplateCache(
            model: model, name: template.lastPathComponent, own: try String(contentsOf: template, encoding: .utf8),
            timeLimit: .seconds(600))
        var options = LoadOptions()
        options.contextLength = 512
        options.threadCount = 1
        let context = try EngineContext(model: model, files: loader.files, options: options)
        preparer = PromptPreparer(
            model: model, templates: templates,
            info: LoadedModelInfo(
                model, name: "tiny", path: file.url.path, options: options, context: context))
    }

    var endToken: Int32 { model.metadata("tokenizer.ggml.eos_token_id").flatMap { Int32($0) } ?? -1 }

    func output(_ conversation: TemplateConversation) throws -> TemplateOutput {
        try ChatRules.check(conversation.chat)
        var schema: String?
        if case .jsonSchema(let text) = conversation.format { schema = text }
        return try templates.apply(TemplateInput(conversation.chat, marker: "", schema: schema))
    }

    func prepared(_ conversation: TemplateConversation) throws -> PreparedPrompt {
        var options = GenerationOptions()
        options.format = conversation.format
        return try preparer.prepare(GenerationRequest(.chat(conversation.chat), options: options))
    }

    /// The tokens of a conversation as the template puts it, and those of `text` as an answer.
    func tokens(_ conversation: TemplateConversation, answer text: String) throws -> (prompt: [Int32], answer: [Int32])
    {
        let prompt = try prepared(conversation).pieces.flatMap { piece in
            if case .tokens(let tokens) = piece { tokens } else { [Int32]() }
        }
        return (prompt, try #require(model.tokenize(text, addSpecial: false, parseSpecial: false)))
    }

    /// Answers with one and two tool calls, with reasoning and plain ones, as the template writes them into a history.
    func writtenAnswers() throws -> [Written] {
        var thinking = ChatMessage.assistant("The answer is **42**.\nReally.")
        thinking.reasoning = "Let me think.\nSix times seven."
        let answers: [(String, ChatMessage)] = [
            ("plain", .assistant("Plain words, <b>no</b> calls. {\"a\": [1]}")), ("thinking", thinking),
            ("one call", TemplateConversation.calling(1)), ("two calls", TemplateConversation.calling(2)),
        ]
        return answers.compactMap { name, answer in
            guard let text = writing(of: answer) else { return nil }
            var message = ChatMessage.assistant(text)
            message.reasoning = answer.reasoning
            var conversation = TemplateConversation.offered
            conversation.name = name
            conversation.chat.messages.append(message)
            conversation.chat.continuesLastMessage = true
            return Written(name: name, conversation: conversation)
        }
    }

    /// What stands behind the beginning of an answer when `answer` is written into the conversation; `nil` when the
    /// template cannot write it. For an answer with content, the content.
    private func writing(of answer: ChatMessage) -> String? {
        guard answer.toolCalls.isEmpty else {
            guard let text = behindPrompt(answer) else { return nil }
            // What a plain answer ends with is the end of the turn, which is no part of an answer.
            let end = behindPrompt(.assistant("PLAIN")).flatMap { plain in
                plain.range(of: "PLAIN").map { String(plain[$0.upperBound...]) }
            }
            guard let end, !end.isEmpty, text.hasSuffix(end) else { return text }
            return String(text.dropLast(end.count))
        }
        return answer.content
    }

    private func behindPrompt(_ answer: ChatMessage) -> String? {
        let before = TemplateConversation.offered
        var after = before
        after.chat.messages += [answer]
        guard let start = try? output(before), let whole = try? output(after) else { return nil }
        let base = start.prompt.dropLast(start.generationPrompt.count)
        guard whole.prompt.hasPrefix(base) else { return nil }
        var text = whole.prompt.dropFirst(base.count)
        if !whole.generationPrompt.isEmpty, text.hasSuffix(whole.generationPrompt) {
            text = text.dropLast(whole.generationPrompt.count)
        }
        if text.hasPrefix(start.generationPrompt) { text = text.dropFirst(start.generationPrompt.count) }
        return String(text)
    }

    /// What Roost reads out of the answer that the conversation ends with; `nil` when it cannot.
    func reading(of conversation: TemplateConversation) throws -> ParsedMessage? {
        guard var rules = try? output(conversation).parser else { return nil }
        // Read as one, not as what goes on from it.
        rules.continues = false
        let parser = try TemplateParser(rules)
        _ = try parser.append("")
        _ = try parser.finish()
        return parser.message == ParsedMessage() ? nil : parser.message
    }
}

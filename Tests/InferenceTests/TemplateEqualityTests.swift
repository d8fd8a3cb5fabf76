import Foundation
import ModelFixtures
import Testing

@testable import Inference

/// The engine source's `models/templates`.
enum TemplateFiles {
    static let all: [URL] = {
        guard let folder = TestEnvironment.source?.appending(path: "models/templates") else { return [] }
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "jinja" }.sorted { $0.path < $1.path }
    }()
}

/// The chat templates of the engine's source through llama-server and through Roost: one server for each template.
@Suite(
    "Templates against llama-server", .enabled(if: TestEnvironment.tools != nil && !TemplateFiles.all.isEmpty))
struct TemplateEqualityTests {
    @Test(
        "Prompts, grammars, triggers, stops and readings are the same",
        arguments: TemplateFiles.all.map(\.lastPathComponent))
    func equal(name: String) async throws {
        let template = try #require(TemplateFiles.all.first { $0.lastPathComponent == name })
        let file = try TinyModelFile(.qwen2(contextLength: 32768))
        let server = try PeerServer(
            starting: file.url,
            [
                "-c", "32768", "--no-warmup", "--jinja", "--chat-template-file", template.path, "--cache-ram", "0",
                // So verbose that answers tell what they were constrained to.
                "-lv", "10",
            ])
        let ours = try await TemplateSubject(file: file, template: template)
        guard try await server.isReady() else {
            // A template that llama-server does not start with is one that we refuse.
            #expect(throws: InferenceError.self) { try ours.output(TemplateConversation.plain) }
            return
        }
        for conversation in TemplateConversation.all {
            try await comparePrompt(conversation, server, ours)
        }
        for conversation in [TemplateConversation.offered, .required, .oneFunction, .schema, .unthinking, .thought] {
            try await compareRules(conversation, server, ours)
        }
        for written in try ours.writtenAnswers() {
            try await compareReading(written, server, ours)
        }
    }

    private func comparePrompt(
        _ conversation: TemplateConversation, _ server: PeerServer, _ ours: TemplateSubject
    ) async throws {
        struct Answer: Decodable { var prompt: String }
        let (answer, refusal) = try await server.post("/apply-template", conversation.body())
        let output = Result { try ours.output(conversation) }
        switch (answer, output) {
        case (let answer?, .success(let output)):
            let theirs = try JSONDecoder().decode(Answer.self, from: answer).prompt
            #expect(output.prompt == theirs, "\(conversation.name)")
        case (nil, .failure): break
        case (nil, .success): Issue.record("\(conversation.name): llama-server refused: \(refusal)")
        case (.some, .failure(let error)): Issue.record("\(conversation.name): Roost refused: \(error)")
        }
    }

    private func compareRules(
        _ conversation: TemplateConversation, _ server: PeerServer, _ ours: TemplateSubject
    ) async throws {
        let (answer, refusal) = try await server.post(
            "/v1/chat/completions", conversation.body(#","max_tokens":1,"temperature":0"#))
        let output = Result { try ours.output(conversation) }
        guard let answer else {
            // One random token need not be the beginning of what was asked for.
            if case .success = output, !refusal.contains("does not match the expected") {
                Issue.record("\(conversation.name): llama-server refused: \(refusal)")
            }
            return
        }
        let theirs = try JSONDecoder().decode(ServerAnswer.self, from: answer).verbose.settings
        let mine = try output.get()
        #expect(mine.grammar == theirs.grammar, "\(conversation.name)")
        #expect(mine.isLazy == theirs.isLazy, "\(conversation.name)")
        #expect(mine.generationPrompt == theirs.generationPrompt, "\(conversation.name)")
        #expect(mine.stops == theirs.stops, "\(conversation.name)")
        let prepared = try ours.prepared(conversation)
        #expect(Set(prepared.preservedTokens) == Set(theirs.preservedTokens), "\(conversation.name)")
        #expect(
            prepared.grammar?.triggers ?? [] == (prepared.grammar == nil ? [] : theirs.triggers.map(\.rule)),
            "\(conversation.name)")
    }

    /// What llama-server reads out of an answer that it is made to go on with, and ends at once.
    private func compareReading(
        _ written: TemplateSubject.Written, _ server: PeerServer, _ ours: TemplateSubject
    ) async throws {
        let end = ours.endToken
        let (answer, refusal) = try await server.post(
            "/v1/chat/completions",
            written.conversation.body(#","echo":true,"max_tokens":4,"logit_bias":[[\#(end),1000000]]"#))
        let reading = try ours.reading(of: written.conversation)
        guard let answer else {
            #expect(reading == nil, "\(written.name): llama-server refused: \(refusal)")
            return
        }
        let theirs = try #require(try JSONDecoder().decode(ServerAnswer.self, from: answer).choices.first).message
        let mine = reading ?? ParsedMessage()
        #expect(mine.content == theirs.content ?? "", "\(written.name)")
        #expect(mine.reasoning == theirs.reasoning ?? "", "\(written.name)")
        #expect(mine.toolCalls.map(\.name) == (theirs.calls ?? []).map(\.function.name), "\(written.name)")
        #expect(mine.toolCalls.map(\.arguments) == (theirs.calls ?? []).map(\.function.arguments), "\(written.name)")
    }
}

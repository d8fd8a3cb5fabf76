import Foundation
import Testing

@testable import Inference

/// What a streamed answer comes to when its deltas are put together: Roost's is its own result and llama-server's
/// stream. Both generate the same tokens: the real model's greedy ones, behind templates that are not its own.
@Suite(
    "Streamed answers against llama-server", .serialized,
    .enabled(if: TestEnvironment.model != nil && TestEnvironment.tools != nil && !TemplateFiles.all.isEmpty))
struct StreamEqualityTests {
    @Test(
        "Content, reasoning and calls are the same, streamed here, streamed there and as a whole", arguments: Case.all)
    func equal(item: Case) async throws {
        let template = try #require(TemplateFiles.all.first { $0.lastPathComponent == item.template })
        let text = try String(contentsOf: template, encoding: .utf8)
        let file = try #require(TestEnvironment.model)
        let server = try PeerServer(
            starting: file,
            ["-c", "2048", "--no-warmup", "--jinja", "--chat-template-file", template.path, "--cache-ram", "0"])

        let stream = try await OwnThread.run(named: "stream") {
            let harness = try SchedulerHarness(at: file, template: text) {
                $0.contextLength = 2048
                $0.parallelRequestCount = 1
                // States in the middle of a prompt would cut it in two batches, whose last bits differ from those of one.
                $0.prefixByteLimit = 0
            }
            var options = GenerationOptions.greedy
            options.maxTokens = item.tokenCount
            let submission = try harness.submit(GenerationRequest(.chat(item.conversation.chat), options: options))
            try harness.run()
            return submission.stream
        }
        var ours = ParsedMessage()
        var result: GenerationResult?
        var deltaCount = 0
        for try await event in stream {
            switch event {
            case .delta(let delta):
                ours.take(delta)
                deltaCount += 1
            case .finished(let finished): result = finished
            case .queued, .promptProgress: break
            }
        }
        let whole = try #require(result)
        #expect(ours.content == whole.text)
        #expect(ours.reasoning == whole.reasoning)
        #expect(ours.toolCalls == whole.toolCalls)
        #expect(deltaCount > 5)
        item.check(ours)

        try #require(await server.isReady())
        let body = item.conversation.body(
            #","stream":true,"max_tokens":\#(item.tokenCount),"temperature":0,"cache_prompt":false"#)
        var theirs = ParsedMessage()
        var reason: String?
        for event in try await server.events("/v1/chat/completions", body) {
            guard let choice = try JSONDecoder().decode(ServerDelta.self, from: event).choices.first else { continue }
            theirs.take(choice.delta.delta)
            reason = choice.reason ?? reason
        }
        #expect(ours.content == theirs.content)
        #expect(ours.reasoning == theirs.reasoning)
        #expect(ours.toolCalls.map(\.name) == theirs.toolCalls.map(\.name))
        #expect(ours.toolCalls.map(\.arguments) == theirs.toolCalls.map(\.arguments))
        let reasons = ["stop": FinishReason.stop, "length": .length, "tool_calls": .toolCalls]
        #expect(whole.finishReason == reason.flatMap { reasons[$0] })
    }

    /// A conversation, and what its answer must have in it, so that something is compared.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var template: String
        var conversation: TemplateConversation
        var tokenCount = 96
        var hasContent = false
        var hasReasoning = false
        /// Calls that begin.
        var leastCallCount = 0

        var testDescription: String { "\(name), \(template)" }

        func check(_ message: ParsedMessage) {
            #expect(!message.content.isEmpty || !hasContent)
            #expect(!message.reasoning.isEmpty || !hasReasoning)
            #expect(message.toolCalls.count >= leastCallCount)
        }

        static let all: [Case] = [
            Case(
                name: "content", template: "Qwen-Qwen2.5-7B-Instruct.jinja", conversation: flags, tokenCount: 64,
                hasContent: true),
            Case(
                name: "reasoning that does not end", template: "Qwen-QwQ-32B.jinja", conversation: flags,
                tokenCount: 48, hasReasoning: true),
            Case(
                name: "reasoning, then content", template: "Qwen-QwQ-32B.jinja", conversation: thought,
                hasContent: true,
                hasReasoning: true),
            Case(
                name: "a call in JSON", template: "Qwen-Qwen2.5-7B-Instruct.jinja", conversation: painted,
                leastCallCount: 1),
            Case(name: "a call in XML", template: "Qwen3-Coder.jinja", conversation: painted, leastCallCount: 1),
            Case(
                name: "a call without marks", template: "meta-llama-Llama-3.1-8B-Instruct.jinja", conversation: painted,
                leastCallCount: 1),
            Case(
                name: "one call after another", template: "Qwen-Qwen2.5-7B-Instruct.jinja", conversation: paintedTwice,
                leastCallCount: 2),
        ]

        /// Characters of several tokens each.
        private static let flags = TemplateConversation(
            name: "flags",
            chat: ChatRequest([.user("Go on: 🇨🇭 Bern, 🇯🇵 東京, 🇬🇷 Αθήνα, 🇨🇭 Bern, 🇯🇵 東京, 🇬🇷 Αθήνα, 🇨🇭 Bern,")]))

        /// A base model does as it is shown.
        private static let thought = TemplateConversation(
            name: "thought",
            chat: ChatRequest([
                .user(
                    ["Two", "Three", "Four", "Six"].map {
                        "<think>\nThe word is \($0).\n</think>\n\nThe answer is \($0).\n"
                    }.joined(separator: "\n"))
            ]))

        private static let painted = painting(parallel: false)
        private static let paintedTwice = painting(parallel: true)

        /// Rounds of calls that went before, as the template itself writes them, and what is to be called next.
        private static func painting(parallel: Bool) -> TemplateConversation {
            let colors = ["red", "dark blue", "grün"]
            var messages: [ChatMessage] = []
            for (index, color) in colors.enumerated() {
                let wall = parallel ? "both walls" : "the wall"
                messages.append(.user("Paint \(wall) \(color), with \(index % 3 + 1) coats."))
                guard index < colors.count - 1 else { break }
                var call = ChatMessage(role: .assistant, parts: [])
                for number in 0..<(parallel ? 2 : 1) {
                    let arguments = #"{"color": "\#(color)", "coats": \#(index % 3 + 1), "matte": \#(number == 0)}"#
                    call.toolCalls.append(
                        ToolCall(id: "callid0\(index)\(number)", name: "paint", arguments: arguments))
                }
                messages.append(call)
                for done in call.toolCalls {
                    var result = ChatMessage(role: .tool, content: "Painted.")
                    result.toolCallID = done.id
                    result.name = done.name
                    messages.append(result)
                }
            }
            var conversation = TemplateConversation(name: "painting", chat: ChatRequest(messages))
            conversation.chat.tools = [
                ToolDefinition(
                    name: "paint", description: "Paints a wall.",
                    parameters: #"""
                        {"type":"object","properties":{"color":{"type":"string","enum":["red","dark blue","grün"]},"coats":{"type":"integer","minimum":1,"maximum":3},"matte":{"type":"boolean"}},"required":["color","coats","matte"]}
                        """#),
                ToolDefinition(name: "wait", description: "Waits."),
            ]
            conversation.chat.toolChoice = .required
            conversation.chat.allowsParallelToolCalls = parallel
            return conversation
        }
    }
}

/// An event of llama-server's streamed chat completions.
private struct ServerDelta: Decodable {
    struct Choice: Decodable {
        var delta: Delta
        var reason: String?

        enum CodingKeys: String, CodingKey {
            case delta
            case reason = "finish_reason"
        }
    }

    struct Delta: Decodable {
        struct Call: Decodable {
            struct Function: Decodable {
                var name: String?
                var arguments: String?
            }
            var index: Int
            var id: String?
            var function: Function?
        }

        var content: String?
        var reasoning: String?
        var calls: [Call]?

        enum CodingKeys: String, CodingKey {
            case content
            case reasoning = "reasoning_content"
            case calls = "tool_calls"
        }

        var delta: GenerationDelta {
            GenerationDelta(
                text: content ?? "", reasoning: reasoning ?? "",
                toolCalls: (calls ?? []).map {
                    ToolCallDelta(
                        index: $0.index, id: $0.id, name: $0.function?.name, arguments: $0.function?.arguments ?? "")
                })
        }
    }

    var choices: [Choice]
}

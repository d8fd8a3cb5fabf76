import ChatHistory
import Foundation
import Testing

/// The history against a list in memory, over random operations.
@Suite struct HistoryPropertyTests {
    private struct Kept {
        var owner: String
        var title: String
        var model: String
        var messages: [SavedMessage]
        var stamp: Int
    }

    private static let words = [
        "owl", "Owls", "süd", "sud", "naïve", "\u{0}x", "日本語", "a\"b", "OR", "NEAR(", "*", "'; --", "🦉", "long-word",
    ]

    private func text(_ random: inout Seeded) -> String {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in
            Self.words[Int.random(in: 0..<Self.words.count, using: &random)]
        }.joined(separator: " ")
    }

    private func message(_ random: inout Seeded) -> SavedMessage {
        var message = SavedMessage(
            role: SavedMessage.Role.allCases.randomElement(using: &random) ?? .user, content: text(&random))
        if Bool.random(using: &random) { message.reasoning = text(&random) }
        if Int.random(in: 0..<4, using: &random) == 0 {
            message.toolCalls = [SavedToolCall(id: text(&random), name: text(&random), arguments: text(&random))]
            message.toolCallID = text(&random)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            message.images = [Data((0..<20).map { _ in UInt8.random(in: 0...255, using: &random) })]
        }
        message.isInterrupted = Bool.random(using: &random)
        return message
    }

    /// What a text is when it comes back.
    private func kept(_ message: SavedMessage) -> SavedMessage {
        let clean = { (text: String) in text.replacing("\0", with: "\u{FFFD}") }
        var message = message
        message.content = clean(message.content)
        message.reasoning = message.reasoning.map(clean)
        message.toolCallID = message.toolCallID.map(clean)
        message.toolCalls = message.toolCalls.map {
            SavedToolCall(id: clean($0.id), name: clean($0.name), arguments: clean($0.arguments))
        }
        return message
    }

    @Test(arguments: 1...6) func `random operations leave what they leave in memory`(seed: UInt64) async throws {
        var random = Seeded(seed)
        let fixture = try HistoryFixture()
        var histories = [try fixture.open(), try fixture.open()]
        var model: [String: Kept] = [:]
        for step in 1...120 {
            let owner = ["", "anna"][Int.random(in: 0...1, using: &random)]
            let history = histories[Int.random(in: 0...1, using: &random)].owned(by: owner)
            let own = model.filter { $0.value.owner == owner }.keys.sorted()
            let chosen = own.randomElement(using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<5:
                let messages = (0..<Int.random(in: 0...3, using: &random)).map { _ in message(&random) }
                let made = try await history.create(title: "t \(step)", model: "m", messages: messages)
                model[made.id] = Kept(
                    owner: owner, title: "t \(step)", model: "m", messages: messages.map(kept), stamp: step)
            case 5..<13:
                guard let chosen, let count = model[chosen]?.messages.count else { continue }
                let messages = (0..<Int.random(in: 1...3, using: &random)).map { _ in message(&random) }
                if Int.random(in: 0..<5, using: &random) == 0 {
                    await #expect(throws: ChatHistoryError.self) {
                        try await history.append(messages, to: chosen, after: count + 1)
                    }
                } else {
                    try await history.append(messages, to: chosen, after: count, model: "m\(step)")
                    model[chosen]?.messages += messages.map(kept)
                    model[chosen]?.model = "m\(step)"
                    model[chosen]?.stamp = step
                }
            case 13..<15:
                guard let chosen else { continue }
                try await history.rename(chosen, to: "r \(step)")
                model[chosen]?.title = "r \(step)"
            case 15..<18:
                guard let chosen else { continue }
                try await history.delete(chosen)
                model[chosen] = nil
            case 18:
                histories[0] = try fixture.open()
            default:
                if Int.random(in: 0..<6, using: &random) == 0 {
                    #expect(try await history.deleteAll() == own.count)
                    model = model.filter { $0.value.owner != owner }
                }
            }
        }
        for owner in ["", "anna"] {
            let history = histories[1].owned(by: owner)
            let expected = model.filter { $0.value.owner == owner }.sorted { $0.value.stamp > $1.value.stamp }
            let found = try await history.conversations(limit: 200).conversations
            #expect(found.map(\.id) == expected.map(\.key))
            #expect(found.map(\.title) == expected.map(\.value.title))
            #expect(found.map(\.model) == expected.map(\.value.model))
            for (id, kept) in expected {
                #expect(try await history.messages(of: id).map(\.untimed) == kept.messages)
            }
            let withOwl = expected.filter { $0.value.messages.contains { $0.content.lowercased().contains("owl") } }
            #expect(try await history.search("OWL", limit: 200).matches.map(\.conversation.id) == withOwl.map(\.key))
        }
    }
}

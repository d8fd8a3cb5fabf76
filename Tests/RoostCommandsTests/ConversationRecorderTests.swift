import Foundation
import Roost
import Testing

@testable import RoostCommands

/// What is said is kept turn by turn, once and in one place.
@Suite struct ConversationRecorderTests {
    private func withHistory(_ body: (ChatHistory) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-recorder-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(try ChatHistory(in: folder))
    }

    private func turn(_ number: Int) -> [SavedMessage] {
        [SavedMessage(role: .user, content: "q\(number)"), SavedMessage(role: .assistant, content: "a\(number)")]
    }

    @Test func `turns are added, each once`() async throws {
        try await withHistory { history in
            var recorder = try ConversationRecorder(history, title: "Mine")
            #expect(try await recorder.keep([], model: "m") == .nothing)
            #expect(recorder.conversation == nil)
            guard case .began(let kept) = try await recorder.keep(turn(1), model: "m") else {
                return #expect(Bool(false))
            }
            #expect(kept.title == "Mine")
            #expect(try await recorder.keep(turn(1), model: "m") == .nothing)
            #expect(try await recorder.keep(turn(1) + turn(2), model: "n") == .added)
            #expect(try await history.messages(of: kept.id).map(\.content) == ["q1", "a1", "q2", "a2"])
            #expect(try await history.conversation(kept.id).model == "n")
        }
    }

    @Test func `another process' words lead to a conversation of one's own, with nothing lost`() async throws {
        try await withHistory { history in
            var recorder = try ConversationRecorder(history)
            _ = try await recorder.keep(turn(1), model: "m")
            let first = try #require(recorder.conversation)
            try await history.append(turn(9), to: first.id)
            guard case .branched(let second) = try await recorder.keep(turn(1) + turn(2), model: "m") else {
                return #expect(Bool(false))
            }
            #expect(second.id != first.id && second.title == first.title)
            #expect(try await history.messages(of: first.id).map(\.content) == ["q1", "a1", "q9", "a9"])
            #expect(try await history.messages(of: second.id).map(\.content) == ["q1", "a1", "q2", "a2"])
            #expect(try await recorder.keep(turn(1) + turn(2) + turn(3), model: "m") == .added)
        }
    }

    @Test func `the list numbers those that can be named by a number`() async throws {
        try await withHistory { history in
            let kept = try await history.create(model: "m")
            for (number, shown) in [(1, "1"), (999, "999"), (1000, ""), (2000, "")] {
                let item = ListedConversation(number: number, conversation: kept, now: Date())
                #expect(item.cells.first == shown)
            }
        }
    }

    @Test func `a title is checked before anything is said`() async throws {
        try await withHistory { history in
            #expect(throws: ChatHistoryError.self) { try ConversationRecorder(history, title: "  ") }
            var recorder = try ConversationRecorder(history)
            try await recorder.rename(to: "Later")
            _ = try await recorder.keep(turn(1), model: "m")
            #expect(recorder.conversation?.title == "Later")
            try await recorder.rename(to: "Even later")
            #expect(recorder.conversation?.title == "Even later")
            recorder.beginAnew()
            _ = try await recorder.keep(turn(2), model: "m")
            #expect(try await history.conversations().conversations.map(\.title) == ["q2", "Even later"])
        }
    }
}

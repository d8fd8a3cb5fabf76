import ChatHistory
import Foundation
import Testing

/// Many at once, each with a connection of its own as processes have.
@Suite struct HistoryConcurrencyTests {
    @Test func `a database that many make at once is made once`() async throws {
        let fixture = try HistoryFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    let history = try await onThread { try fixture.open() }
                    _ = try await history.create(title: "\(index)", model: "m", messages: [.user("x")])
                }
            }
            try await group.waitForAll()
        }
        let titles = try await fixture.open().conversations(limit: 200).conversations.map(\.title)
        #expect(Set(titles) == Set((0..<8).map(String.init)))
    }

    @Test func `those who append at once all get in, each in one piece`() async throws {
        let fixture = try HistoryFixture()
        let kept = try await fixture.open().create(model: "m")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let history = try await onThread { try fixture.open() }
                    for turn in 0..<15 {
                        // With the place checked somebody else may be first; then it is read again.
                        while true {
                            let count = try await history.conversation(kept.id).messageCount
                            do {
                                try await history.append(
                                    [.user("\(writer) \(turn)"), .assistant("\(writer) \(turn)")], to: kept.id,
                                    after: count)
                                break
                            } catch ChatHistoryError.changed {
                                continue
                            }
                        }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    let history = try await onThread { try fixture.open() }
                    for _ in 0..<20 {
                        let found = try await history.messages(of: kept.id)
                        #expect(found.count % 2 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        let messages = try await fixture.open().messages(of: kept.id)
        #expect(messages.count == 120)
        for index in stride(from: 0, to: 120, by: 2) {
            #expect(messages[index].content == messages[index + 1].content)
            #expect(messages[index].role == .user && messages[index + 1].role == .assistant)
        }
        #expect(Set(messages.map(\.content)).count == 60)
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try body() }) }.start()
        }
    }
}

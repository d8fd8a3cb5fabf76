import ChatHistory
import Foundation
import Testing

/// Words are found where they are, and nothing that a person types is an operator.
@Suite struct HistorySearchTests {
    private let fixture: HistoryFixture
    private let history: ChatHistory

    init() throws {
        fixture = try HistoryFixture()
        history = try fixture.open()
    }

    private func titles(_ query: String) async throws -> [String] {
        try await history.search(query).matches.map(\.conversation.title)
    }

    @Test func `all words must be in one message, by their beginnings`() async throws {
        _ = try await history.create(
            title: "birds", model: "m", messages: [.user("Owls hunt"), .assistant("at night")])
        _ = try await history.create(title: "cats", model: "m", messages: [.user("cats and owls hunt at night")])
        _ = try await history.create(title: "Eulen über Köln", model: "m")
        #expect(try await titles("owl") == ["cats", "birds"])
        #expect(try await titles("NIGHT hunt") == ["cats"])
        #expect(try await titles("hunt owls") == ["cats", "birds"])
        #expect(try await titles("\"hunt owls\"") == [])
        #expect(try await titles("\"owls hunt\"") == ["cats", "birds"])
        #expect(try await titles("\"owl hunt\"") == [])
        #expect(try await titles("koln") == ["Eulen über Köln"])
        #expect(try await titles("ight") == [])
        #expect(try await titles("dogs") == [])
    }

    @Test func `a match tells where, with the words marked`() async throws {
        let text =
            String(repeating: "filler ", count: 100) + "the snowy owl hunts " + String(repeating: "and ", count: 90)
        let kept = try await history.create(title: "birds", model: "m", messages: [.user("no"), .user(text)])
        let match = try #require(try await history.search("owl").matches.first)
        #expect(match.conversation == kept)
        #expect(match.position == 1)
        #expect(match.snippet.filter(\.isMatch).map(\.text) == ["owl"])
        let whole = match.snippet.map(\.text).joined()
        #expect(whole.contains("snowy owl hunts") && whole.hasPrefix("…") && whole.hasSuffix("…"))
        let title = try #require(try await history.search("bird").matches.first)
        #expect(title.position == nil)
        #expect(title.snippet == [HistoryMatch.Piece(text: "birds", isMatch: true)])
    }

    @Test func `scripts without spaces are searched too`() async throws {
        _ = try await history.create(title: "ja", model: "m", messages: [.user("私は東京に住んでいます。100%です")])
        _ = try await history.create(title: "木曜日の会議", model: "m")
        _ = try await history.create(title: "th", model: "m", messages: [.user("สวัสดีครับ")])
        #expect(try await titles("東京") == ["ja"])
        #expect(try await titles("東京 住ん") == ["ja"])
        #expect(try await titles("東京 100%") == ["ja"])
        #expect(try await titles("東京_に") == [])
        #expect(try await titles("会議") == ["木曜日の会議"])
        #expect(try await titles("ดีค") == ["th"])
        let match = try #require(try await history.search("東京").matches.first)
        #expect(match.snippet.map(\.text) == ["私は", "東京", "に住んでいます。100%です"])
    }

    @Test(arguments: [
        "owl\"", "\"owl", "\"\"\"owl", "owl*", "owl OR cats", "owl NEAR(cat, 5)", "content:owl", "^owl",
        "owl AND NOT x",
        "{owl}", "-owl", "owl + cat", "owl; DROP TABLE message", "owl' OR '1'='1", "owl \\", "owl\0cat", "(owl", "owl)",
        "NOT", "AND", "OR", "NEAR", "owl \u{1F989} !!!", "*owl*", "owl:owl", "messageText:owl", "rank", "owl,cat",
        String(repeating: "owl ", count: 32), String(repeating: "a", count: 1000), "東京 \" OR \" %_\\",
    ])
    func `hostile texts are words like others`(query: String) async throws {
        _ = try await history.create(title: "x", model: "m", messages: [.user("zebra")])
        let page = try await history.search(query)
        #expect(page.matches.isEmpty)
        _ = try await history.create(title: "same", model: "m", messages: [.user(query)])
        #expect(try await titles(query) == ["same"])
    }

    @Test(arguments: ["", "   ", "!!!", "\"\"", "***", "🦉", "\0", String(repeating: "a", count: 1001)])
    func `a text without words, or a long one, is refused`(query: String) async throws {
        let error = await #expect(throws: ChatHistoryError.self) { try await history.search(query) }
        #expect(error?.description.contains("search text") == true)
    }

    @Test func `more words than make sense are refused`() async throws {
        let query = (0..<33).map { "w\($0)" }.joined(separator: " ")
        await #expect(throws: ChatHistoryError.self) { try await history.search(query) }
    }

    @Test func `random texts never fail otherwise than with a sentence`() async throws {
        var random = Seeded(5)
        let alphabet = Array("ab \"'*()^:+-{}\\%_\0\u{2}東ä🦉,;\n").map(String.init)
        _ = try await history.create(model: "m", messages: [.user("ab a b ä 東")])
        for _ in 0..<400 {
            let query = (0..<Int.random(in: 0...20, using: &random))
                .map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
            do {
                _ = try await history.search(query)
            } catch ChatHistoryError.invalidValue {
                continue
            }
        }
    }

    @Test func `what was found comes page by page, and no more when it is deleted or renamed`() async throws {
        var ids: [String] = []
        for index in 0..<5 {
            ids.append(try await history.create(title: "t\(index)", model: "m", messages: [.user("owl")]).id)
        }
        let first = try await history.search("owl", limit: 2)
        let second = try await history.search("owl", limit: 2, after: first.nextCursor)
        let third = try await history.search("owl", limit: 2, after: second.nextCursor)
        #expect((first.matches + second.matches + third.matches).map(\.conversation.id) == ids.reversed())
        #expect(third.nextCursor == nil)
        try await history.delete(ids[0])
        try await history.rename(ids[1], to: "new")
        #expect(try await history.search("owl").matches.count == 4)
        #expect(try await history.search("t1").matches.isEmpty)
        #expect(try await history.search("new").matches.map(\.conversation.id) == [ids[1]])
    }
}

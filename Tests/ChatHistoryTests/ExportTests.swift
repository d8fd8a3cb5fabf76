import ChatHistory
import Foundation
import Testing

/// A conversation goes out and comes in again as it was.
@Suite struct ExportTests {
    private let fixture: HistoryFixture
    private let history: ChatHistory

    init() throws {
        fixture = try HistoryFixture()
        history = try fixture.open()
    }

    private func text(_ conversation: SavedConversation, _ format: ExportFormat) async throws -> String {
        try await history.export(conversation, as: format).reduce(into: "") { $0 += $1 }
    }

    private func sample() async throws -> SavedConversation {
        var call = SavedMessage(role: .assistant, content: "")
        call.reasoning = "I should look.\nThen answer."
        call.toolCalls = [SavedToolCall(id: "c1", name: "look", arguments: #"{"at":"\"sky\""}"#)]
        call.model = "gemma3:latest"
        var result = SavedMessage(role: .tool, content: "blue ```` blue")
        result.toolCallID = "c1"
        result.name = "look"
        var end = SavedMessage.assistant("It is\n\n- *blue*")
        end.isInterrupted = true
        var picture = SavedMessage.user("And this?\u{2028}\u{1}")
        picture.images = [Data([1, 2, 3])]
        return try await history.create(
            title: "The *sky*", model: "gemma3:latest",
            messages: [SavedMessage(role: .system, content: "Be kind."), .user("Sky?"), call, result, end, picture])
    }

    @Test func `JSON comes in again as a conversation of its own`() async throws {
        let kept = try await sample()
        let json = try await text(kept, .json)
        let document = try ConversationDocument(reading: Data(json.utf8))
        #expect(document.id == kept.id)
        #expect(document == ConversationDocument(kept, messages: try await history.messages(of: kept.id)))
        let again = try await history.importConversation(document)
        #expect(again.id != kept.id)
        #expect(again.title == kept.title && again.model == kept.model)
        #expect(again.createdAt == kept.createdAt && again.updatedAt == kept.updatedAt)
        #expect(try await history.messages(of: again.id) == history.messages(of: kept.id))
    }

    @Test func `what is exported piece by piece is what would be in one piece`() async throws {
        for count in [0, 1, 63, 64, 65, 200] {
            let messages = (0..<count).map { SavedMessage.user(String(repeating: "\($0) ", count: 10_000)) }
            let kept = try await history.create(title: "\(count)", model: "m", messages: messages)
            let document = try ConversationDocument(reading: Data(try await text(kept, .json).utf8))
            #expect(document.messages.map(\.untimed) == messages)
            let markdown = try await text(kept, .markdown)
            #expect(markdown.components(separatedBy: "\n## You\n").count == count + 1)
        }
    }

    @Test func `times come back to the millisecond`() throws {
        var random = Seeded(3)
        let range = -62_167_219_200_000...253_402_300_799_000
        let some =
            (0..<500).map { _ in Int.random(in: range, using: &random) } + [0, -1, 1, 999, -999, 1_700_000_000_122]
        for milliseconds in some {
            let time = HistoryTime(Date(timeIntervalSince1970: Double(milliseconds) / 1000))
            let data = try JSONEncoder().encode(time)
            #expect(try JSONDecoder().decode(HistoryTime.self, from: data) == time, "\(milliseconds)")
            #expect(time.milliseconds == milliseconds)
        }
        let text = try String(
            decoding: JSONEncoder().encode(HistoryTime(Date(timeIntervalSince1970: 1.25))), as: UTF8.self)
        #expect(text == #""1970-01-01T00:00:01.250Z""#)
    }

    @Test func `Markdown is for people`() async throws {
        let kept = try await sample()
        let expected = #"""
            # The \*sky\*

            1970-01-12, gemma3:latest

            ## Instructions

            Be kind.

            ## You

            Sky?

            ## gemma3:latest

            > I should look.
            > Then answer.

            Calls `look`:

            ```
            {"at":"\"sky\""}
            ```

            ## Result of look

            `````
            blue ```` blue
            `````

            ## Assistant

            It is

            - *blue*

            *(interrupted)*

            ## You


            """#
        let markdown = try await text(kept, .markdown)
        #expect(markdown.hasPrefix(expected))
        #expect(markdown.hasSuffix("*(1 picture)*\n"))
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("[]", "type"), ("{}", "format is missing"),
        (#"{"format":"other","version":1}"#, "format"),
        (#"{"format":"roost.conversation","version":2,"messages":[]}"#, "version 1, not 2"),
        (#"{"format":"roost.conversation","version":1}"#, "messages is missing"),
        (#"{"format":"roost.conversation","version":1,"messages":[{"content":"x"}]}"#, "messages[0].role is missing"),
        (#"{"format":"roost.conversation","version":1,"messages":[{"role":"boss"}]}"#, "messages[0].role"),
        (#"{"format":"roost.conversation","version":1,"messages":[{"role":"user","images":["%"]}]}"#, "images"),
        (#"{"format":"roost.conversation","version":1,"messages":[{"role":"user","created_at":"soon"}]}"#, "soon"),
        (#"{"format":"roost.conversation","version":1,"created_at":5,"messages":[]}"#, "created_at"),
    ])
    func `what is no export is refused with what is wrong`(text: String, part: String) throws {
        let error = #expect(throws: ChatHistoryError.self) { try ConversationDocument(reading: Data(text.utf8)) }
        guard case .invalidExport(let reason) = error else { return #expect(Bool(false)) }
        #expect(reason.contains(part), "\(reason)")
    }
}

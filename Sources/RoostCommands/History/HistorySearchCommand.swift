import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost history search`.
struct HistorySearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find words in the kept conversations.",
        discussion: """
            A message must have all the words, or a title. Words are found by their beginnings, "phrases" in quotation \
            marks as they are; case and accents do not count.

            Examples:
              roost history search owl night
              roost history search '"the snowy owl"'
            """)

    @Argument(help: "The words.")
    var words: [String]

    @Option(help: "How many conversations at most, 1 to 200.")
    var limit = 20

    @OptionGroup var options: HistoryOptions
    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let text = words.joined(separator: " ")
        let page = try await options.history().search(text, limit: limit)
        let items = page.matches.map { FoundConversation(match: $0, now: Date()) }
        guard listing.style == .table else {
            return try Console.output.printList(items, style: listing.style)
        }
        guard !items.isEmpty else {
            return Console.output.print("No kept conversation has all of “\(text.printable)” in one message.")
        }
        for item in items { Console.output.print(item.lines(on: .output).joined(separator: "\n")) }
        if page.nextCursor != nil { Console.error.print("There are more; --limit shows them.") }
    }
}

/// A conversation in which words were found.
struct FoundConversation: ListedItem, Encodable {
    let match: HistoryMatch
    let now: Date

    static let columns: [Table.Column] = []
    var cells: [String] { [] }
    var name: String { match.conversation.id }

    /// Two lines: which conversation, and the text around the words.
    func lines(on console: Console) -> [String] {
        let conversation = match.conversation
        let facts = "\(conversation.messageCount) messages, \(HumanReadable.relative(conversation.updatedAt, to: now))"
        let text = match.snippet.map {
            $0.isMatch ? console.styled($0.text.printable, .bold) : $0.text.printable
        }.joined()
        let place = match.position.map { "\($0 + 1): " } ?? "title: "
        return [
            "\(conversation.shortID)  \(console.styled(conversation.title.printable, .bold))  "
                + console.styled("(\(facts))", .dim),
            "          " + console.styled(place, .dim) + text,
        ]
    }

    private enum CodingKeys: String, CodingKey {
        case conversation, position, snippet
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(match.conversation, forKey: .conversation)
        try container.encode(match.position, forKey: .position)
        try container.encode(match.snippet, forKey: .snippet)
    }
}

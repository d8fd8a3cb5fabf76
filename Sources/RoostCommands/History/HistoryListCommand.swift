import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost history list`.
struct HistoryListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the kept conversations, the newest first.", aliases: ["ls"])

    @Option(help: "How many at most.")
    var limit = 50

    @OptionGroup var options: HistoryOptions
    @OptionGroup var listing: ListingOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit is \(limit), but must be 1 to 100000.")
        }
    }

    func run() async throws {
        let (conversations, hasMore) = try await options.history().newest(limit)
        let now = Date()
        let items = conversations.enumerated().map {
            ListedConversation(number: $0 + 1, conversation: $1, now: now)
        }
        try Console.output.printList(
            items, style: listing.style, empty: "No conversation is kept; “roost run MODEL --save” keeps one.")
        if hasMore, listing.style == .table { Console.error.print("There are more; --limit shows them.") }
    }
}

import ArgumentParser
import Roost
import Terminal

/// `roost history delete`.
struct HistoryDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete kept conversations for good.",
        discussion: """
            Their text is overwritten in the database's file; copies in backups or in a file system's snapshots are \
            not. Asks first, on a terminal; elsewhere --yes is needed.

            Examples:
              roost history delete 3f2a91c4
              roost history delete --all
            """,
        aliases: ["rm"])

    @Argument(help: ConversationArgument.help, completion: ConversationArgument.completion)
    var conversations: [String] = []

    @Flag(help: "All of them.")
    var all = false

    @OptionGroup var options: HistoryOptions
    @OptionGroup var confirmation: Confirmation

    func validate() throws {
        guard all != conversations.isEmpty else { return }
        throw ValidationError(all ? "Choose one of conversations and --all." : "Name a conversation, or take --all.")
    }

    func run() async throws {
        let history = try await options.history()
        if all { return try await deleteAll(of: history) }
        // All are looked up first: numbers in the list change with each that goes.
        var found: [SavedConversation] = []
        for text in conversations {
            let conversation = try await history.conversation(matching: text)
            if !found.contains(where: { $0.id == conversation.id }) { found.append(conversation) }
        }
        let titles = found.map { "“\($0.title.printable)” (\($0.shortID), \($0.messageCount) messages)" }
        try await confirmation.require("Delete \(titles.joined(separator: ", ")) for good?")
        for conversation in found {
            try await history.delete(conversation.id)
            Console.output.print("Deleted “\(conversation.title.printable)”.")
        }
    }

    private func deleteAll(of history: ChatHistory) async throws {
        let count = try await history.conversationCount()
        guard count > 0 else { return Console.output.print("No conversation is kept.") }
        let what = count == 1 ? "the one kept conversation" : "all \(count) kept conversations"
        try await confirmation.require("Delete \(what) for good?")
        let deleted = try await history.deleteAll()
        Console.output.print("Deleted \(deleted) conversation\(deleted == 1 ? "" : "s").")
    }
}

import ArgumentParser
import Roost

/// `roost history`: the conversations that were kept.
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List, search, read, export or delete the conversations that you kept.",
        discussion: """
            Nothing is kept unless you ask: “roost run MODEL --save”, or /save in a conversation. A conversation is \
            named by its ID, by the beginning of it, or by its number in the list, 1 (the newest) to 999.

            Examples:
              roost history
              roost history search owls night
              roost history show 1
              roost history export 3f2a91c4 -o owls.md
              roost history delete 3f2a91c4
              roost run --continue 3f2a91c4
            """,
        subcommands: [
            HistoryListCommand.self, HistorySearchCommand.self, HistoryShowCommand.self, HistoryExportCommand.self,
            HistoryImportCommand.self, HistoryRenameCommand.self, HistoryDeleteCommand.self,
        ],
        defaultSubcommand: HistoryListCommand.self
    )
}

/// Whose conversations a command is for.
struct HistoryOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The conversations that the server keeps for a key, by the key's name; your own when left out.",
            valueName: "key"))
    var owner = ""

    /// Throws `ChatHistoryError`, and what opening the home directory throws.
    func history() async throws -> ChatHistory { try await ModelManager().history.owned(by: owner) }
}

/// The argument that names a conversation.
enum ConversationArgument {
    static let help: ArgumentHelp =
        "The conversation: its ID, the beginning of it, or its number in the list, 1 to 999."
    static let completion = CompletionKind.shellCommand("roost history list --quiet")
}

import ArgumentParser
import Roost
import Terminal

/// `roost history show`.
struct HistoryShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a kept conversation.",
        discussion: """
            Examples:
              roost history show 1
              roost history show 3f2a91c4 | less
            """)

    @Argument(help: ConversationArgument.help, completion: ConversationArgument.completion)
    var conversation: String

    @OptionGroup var options: HistoryOptions

    @Flag(help: "Print JSON: the form of “roost history export --format json”.")
    var json = false

    func run() async throws {
        let history = try await options.history()
        let found = try await history.conversation(matching: conversation)
        for try await piece in history.export(found, as: json ? .json : .markdown) {
            Console.output.write(json ? piece : piece.withoutTerminalControls)
        }
    }
}

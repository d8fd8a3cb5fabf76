import ArgumentParser
import Roost
import Terminal

/// `roost history rename`.
struct HistoryRenameCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a kept conversation another title.",
        discussion: "Example: roost history rename 3f2a91c4 About owls")

    @Argument(help: ConversationArgument.help, completion: ConversationArgument.completion)
    var conversation: String

    @Argument(help: "The title.")
    var title: [String]

    @OptionGroup var options: HistoryOptions

    func run() async throws {
        let history = try await options.history()
        let found = try await history.conversation(matching: conversation)
        let renamed = try await history.rename(found.id, to: title.joined(separator: " "))
        Console.output.print("“\(found.title.printable)” is “\(renamed.title.printable)” now.")
    }
}

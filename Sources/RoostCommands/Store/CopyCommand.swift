import ArgumentParser
import Roost
import Terminal

/// `roost cp`: a second name for a model.
struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        abstract: "Give a model a second name.",
        discussion: """
            Both names share one file; it goes when the last name is removed.

            Example:
              roost cp gemma3:270m my-model
            """
    )

    @Argument(help: "The model.")
    var source: String

    @Argument(help: "Its second name.")
    var target: String

    func run() async throws {
        let manager = try await ModelManager()
        let record = try await manager.copy(source, to: target)
        Console.output.print("Copied \(source.printable) to \(record.name.display).")
    }
}

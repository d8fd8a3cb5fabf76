import ArgumentParser
import Roost
import Terminal

/// `roost mv`: another name for a model.
struct MoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mv",
        abstract: "Rename a model.",
        discussion: """
            The model stays active if it was, and keeps its statistics.

            Example:
              roost mv gemma-3-270m-Q4_K_M gemma3:270m
            """
    )

    @Argument(help: "The model.")
    var source: String

    @Argument(help: "Its new name.")
    var target: String

    func run() async throws {
        let manager = try await ModelManager()
        let record = try await manager.rename(source, to: target)
        Console.output.print("Renamed \(source.printable) to \(record.name.display).")
    }
}

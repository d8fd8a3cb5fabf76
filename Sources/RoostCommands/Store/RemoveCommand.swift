import ArgumentParser
import Roost
import Terminal

/// `roost rm`: removes models.
struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove models from the store.",
        discussion: """
            The file goes when no other name refers to it.

            Examples:
              roost rm gemma3:270m
              roost rm old-model other:v1
            """
    )

    @Argument(help: "The models.")
    var models: [String]

    func run() async throws {
        let manager = try await ModelManager()
        var failureCount = 0
        for model in models {
            do {
                let result = try await manager.delete(model)
                let what =
                    result.freedByteCount > 0
                    ? "\(HumanReadable.bytes(result.freedByteCount)) freed"
                    : "its file stays, another name refers to it"
                Console.output.print("Removed \(result.name.display) (\(what)).")
            } catch {
                // With one name the error ends the command as any other does.
                if models.count == 1 { throw error }
                Console.error.print("\(error)")
                failureCount += 1
            }
        }
        if failureCount > 0 { throw ExitStatus.failure.code }
    }
}

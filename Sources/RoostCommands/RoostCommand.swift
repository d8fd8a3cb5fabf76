import ArgumentParser
import Roost
import Terminal

/// The root of the command line: `roost <subcommand>`.
public struct RoostCommand: AsyncParsableCommand {
    /// Name, help and subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "roost",
        abstract: "Finds, stores and runs AI models on your own machine.",
        discussion: """
              roost run tinyllama            talk to a model; it is downloaded when it is not here
              roost run tinyllama "Why is the sky blue?"
              roost search qwen              look for models
              roost import model.gguf        put a model file into the store
              roost serve                    an HTTP server for Ollama and OpenAI clients

            Models and settings live in ROOST_HOME. If something does not work, `roost doctor` looks for the reason.
            """,
        version: RoostVersion.text,
        groupedSubcommands: [
            CommandGroup(name: "Use a model", subcommands: [RunCommand.self]),
            CommandGroup(
                name: "Find and download",
                subcommands: [
                    PullCommand.self, DownloadsCommand.self, SearchCommand.self, CatalogCommand.self,
                    OutdatedCommand.self, UpdateCommand.self, DiscoverCommand.self, AdoptCommand.self,
                    ProvidersCommand.self,
                ]),
            CommandGroup(
                name: "Models on disk",
                subcommands: [
                    ListCommand.self, ShowCommand.self, ImportCommand.self, CopyCommand.self, MoveCommand.self,
                    RemoveCommand.self, VerifyCommand.self, ActivateCommand.self, DiskUseCommand.self,
                    PruneCommand.self, MoveFolderCommand.self,
                ]),
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, ProcessesCommand.self, StopCommand.self, PinCommand.self, UnpinCommand.self,
                ]),
            CommandGroup(
                name: "Roost itself", subcommands: [DoctorCommand.self, ConfigCommand.self, CompletionsCommand.self]),
        ]
    )

    /// ArgumentParser makes the command.
    public init() {}

    /// Parses the program's arguments, runs the command, and ends the process with its exit status.
    public static func start() async -> Never {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            exit(withError: nil)
        } catch {
            guard let status = ExitStatus(of: error) else { exit(withError: error) }
            Console.error.print(Console.error.styled("Error:", .red, .bold) + " \(error)")
            exit(withError: status.code)
        }
    }
}

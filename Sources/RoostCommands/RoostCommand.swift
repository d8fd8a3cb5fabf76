import ArgumentParser
import Dispatch
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
            CommandGroup(
                name: "Use a model",
                subcommands: [RunCommand.self, HistoryCommand.self, PlanCommand.self, TuneCommand.self]),
            CommandGroup(
                name: "Find and download",
                subcommands: [
                    PullCommand.self, DownloadsCommand.self, SearchCommand.self, CatalogCommand.self,
                    OutdatedCommand.self, UpdateCommand.self, DiscoverCommand.self, AdoptCommand.self,
                    ProvidersCommand.self, RecommendCommand.self,
                ]),
            CommandGroup(
                name: "Models on disk",
                subcommands: [
                    ListCommand.self, ShowCommand.self, ImportCommand.self, CreateCommand.self, CopyCommand.self,
                    MoveCommand.self,
                    RemoveCommand.self, VerifyCommand.self, ActivateCommand.self, DiskUseCommand.self,
                    PruneCommand.self, MoveFolderCommand.self, PushCommand.self,
                ]),
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, ProcessesCommand.self, StopCommand.self, ReloadCommand.self, PinCommand.self,
                    UnpinCommand.self,
                    LogsCommand.self, KeysCommand.self, EnginesCommand.self, ServiceCommand.self,
                ]),
            CommandGroup(
                name: "Roost itself",
                subcommands: [
                    DoctorCommand.self, HardwareCommand.self, ConfigCommand.self, CompletionsCommand.self,
                    WorkerCommand.self,
                ]),
        ]
    )

    /// ArgumentParser makes the command.
    public init() {}

    /// Parses the program's arguments, runs the command, and ends the process with its exit status.
    ///
    /// What is not asynchronous runs on the first thread before there is another one: a worker has to lock itself then.
    public static func launch() -> Never {
        do {
            var command = try parseAsRoot()
            guard let asynchronous = command as? any AsyncParsableCommand else {
                try command.run()
                exit(withError: nil)
            }
            Task { await run(asynchronous) }
            dispatchMain()
        } catch {
            end(with: error)
        }
    }

    private static func run(_ command: any AsyncParsableCommand) async -> Never {
        do {
            var command = command
            try await command.run()
            exit(withError: nil)
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        guard let status = ExitStatus(of: error) else { exit(withError: error) }
        Console.error.print(Console.error.styled("Error:", .red, .bold) + " \(error)")
        exit(withError: status.code)
    }
}

import ArgumentParser
import Roost
import Terminal

/// `roost push`: for who comes from Ollama; Roost gives models to nobody.
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Say how a model is published.", shouldDisplay: false)

    @Argument(help: "The model.")
    var model: String

    func run() async throws {
        let record = try await ModelManager().model(named: model)
        Console.error.print(
            "Roost does not push models to a registry; publish the files of \(record.name.display), which “roost show "
                + "\(record.name.display)” names.")
        throw ExitStatus.failure.code
    }
}

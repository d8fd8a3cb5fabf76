import ArgumentParser
import Roost
import Terminal

/// `roost activate`: the model that is taken when none is named.
struct ActivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate",
        abstract: "Choose the model that is taken when none is named.",
        discussion: """
            Examples:
              roost activate gemma3
              roost activate --none
              roost activate              which one it is
            """
    )

    @Argument(help: "The model; without it, the active one is printed.")
    var model: String?

    @Flag(help: "Choose none.")
    var none = false

    func validate() throws {
        if none && model != nil { throw ValidationError("Give a model or --none, not both.") }
    }

    func run() async throws {
        let manager = try await ModelManager()
        if let model {
            try await manager.setActive(model)
        } else if none {
            try await manager.setActive(nil)
            return Console.output.print("No model is active.")
        }
        guard let active = try await manager.activeModel() else {
            return Console.output.print("No model is active; “roost activate MODEL” chooses one.")
        }
        Console.output.print(model == nil ? active.name.description : "\(active.name.display) is active.")
    }
}

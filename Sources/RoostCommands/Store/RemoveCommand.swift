import ArgumentParser
import Roost
import Terminal

/// `roost rm`: removes models.
struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove models from the store.",
        discussion: """
            A file goes when no other name refers to it. Asks first, on a terminal; elsewhere --yes is needed.

            Examples:
              roost rm gemma3:270m
              roost rm old-model other:v1 --yes
            """
    )

    @Argument(help: "The models.")
    var models: [String]

    @OptionGroup var confirmation: Confirmation

    func run() async throws {
        let manager = try await ModelManager()
        var found: [ModelName] = []
        var failureCount = 0
        for model in models {
            do {
                let name = try await manager.store.model(named: ModelName(parsing: model)).name
                if !found.contains(name) { found.append(name) }
            } catch {
                // With one name the error ends the command as any other does.
                if models.count == 1 { throw error }
                Console.error.print("\(error)")
                failureCount += 1
            }
        }
        if !found.isEmpty { try await confirmation.require(try await question(found, manager)) }
        for name in found {
            do {
                try await remove(name, manager)
            } catch {
                if models.count == 1 { throw error }
                Console.error.print("\(error)")
                failureCount += 1
            }
        }
        if failureCount > 0 { throw ExitStatus.failure.code }
    }

    private func question(_ names: [ModelName], _ manager: ModelManager) async throws -> String {
        let freed = try await manager.store.freedByteCount(removing: names)
        let list = names.map(\.display).joined(separator: ", ")
        let gain =
            freed > 0
            ? "\(HumanReadable.bytes(freed)) will be freed."
            : "Nothing will be freed, other names refer to \(names.count == 1 ? "its" : "their") files."
        return "Remove \(list)? \(gain)"
    }

    private func remove(_ name: ModelName, _ manager: ModelManager) async throws {
        let result = try await manager.delete(name.description)
        let what =
            result.freedByteCount > 0
            ? "\(HumanReadable.bytes(result.freedByteCount)) freed" : "its file stays, another name refers to it"
        Console.output.print("Removed \(result.name.display) (\(what)).")
    }
}

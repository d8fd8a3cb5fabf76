import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost list`: the models in the store.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models in the store.",
        discussion: """
            Examples:
              roost list
              roost list gemma         names that begin with “gemma”
              roost list --json
            """,
        aliases: ["ls"]
    )

    @Argument(help: "Only names that begin with this.")
    var prefix: String?

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let manager = try await ModelManager()
        let prefix = prefix?.lowercased() ?? ""
        let now = Date()
        let items = try await manager.downloadedModels()
            .filter { $0.name.description.lowercased().hasPrefix(prefix) }
            .map { ListedModel(record: $0, now: now) }
        let empty =
            prefix.isEmpty
            ? "No models yet; “roost import FILE” takes one in." : "No name begins with “\(prefix.printable)”."
        try Console.output.printList(items, style: listing.style, empty: empty)
    }
}

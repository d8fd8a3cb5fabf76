import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost search`: models of the catalog and of the Hugging Face Hub.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Look for models.",
        discussion: """
            Looks in the catalog and on Hugging Face (repositories with GGUF files). What stands under NAME is what \
            “roost pull” takes.

            Examples:
              roost search llama 3.2
              roost search qwen3 --author unsloth --sort likes
              roost search embedding --limit 5 --json
            """
    )

    @Argument(help: "Words of the name.")
    var words: [String]

    @Option(help: "Only this owner's repositories.")
    var author: String?

    @Option(help: "What comes first: downloads, likes, modified or trending.")
    var sort = "downloads"

    @Option(help: "Repositories to show, 1 to 100.")
    var limit = 20

    @Flag(help: "Look in the catalog only; needs no network.")
    var catalogOnly = false

    @OptionGroup var listing: ListingOptions

    private static let orders: [String: ModelSearch.Order] = [
        "downloads": .downloads, "likes": .likes, "modified": .lastModified, "trending": .trending,
    ]

    func validate() throws {
        guard Self.orders[sort] != nil else {
            throw ValidationError("--sort is “\(sort)”, but must be downloads, likes, modified or trending.")
        }
        guard (1...100).contains(limit) else { throw ValidationError("--limit is \(limit), but must be 1 to 100.") }
    }

    func run() async throws {
        let manager = try await ModelManager()
        let text = words.joined(separator: " ")
        let query = ModelSearch(text, author: author, order: Self.orders[sort] ?? .downloads, pageSize: limit)
        let (models, failure) = try await manager.find(query, catalogOnly: catalogOnly)
        let found = models.map(FoundModel.init)
        try Console.output.printList(
            found, style: listing.style, empty: "Nothing was found for “\(text.printable)”; try fewer words.")
        if let failure { Console.error.print("\(Console.error.styled("Warning:", .yellow, .bold)) \(failure)") }
    }
}

/// A model that was found, as it is listed.
struct FoundModel: ListedItem, Encodable {
    let report: FoundReport

    var name: String { report.name }

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    static let columns: [Table.Column] = [
        .left("NAME"), .left("FROM"), .right("PARAMETERS"), .right("SIZE"), .right("DOWNLOADS"), .left("LICENCE"),
        .left("QUANTIZATIONS", isFlexible: true),
    ]

    var cells: [String] {
        [
            name + (report.isInstalled ? " *" : ""), report.origin,
            report.parameters ?? report.parameterCount.map(HumanReadable.count) ?? "",
            report.byteCount.map(HumanReadable.bytes) ?? "",
            report.downloads.map { HumanReadable.count(Int64($0)) } ?? "",
            (report.license ?? "") + (report.isGated ? " (gated)" : ""),
            report.quantizations.joined(separator: " "),
        ]
    }
}

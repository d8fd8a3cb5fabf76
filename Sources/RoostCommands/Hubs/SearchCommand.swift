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
        let installed = Set(try await manager.downloadedModels().map(\.digest))
        var found: [FoundModel] = []
        if author == nil {
            found += try await manager.availableModels(CatalogFilter(text: text))
                .map { FoundModel(entry: $0, isInstalled: installed.contains($0.digest)) }
        }
        var failure: (any Error)?
        if !catalogOnly {
            do {
                let query = ModelSearch(text, author: author, order: Self.orders[sort] ?? .downloads, pageSize: limit)
                found += try await manager.search(query).hits.map(FoundModel.init(hit:))
            } catch let error as ModelHubError where !found.isEmpty {
                // The catalog's answer is worth showing without the hub's.
                failure = error
            }
        }
        try Console.output.printList(
            found, style: listing.style, empty: "Nothing was found for “\(text.printable)”; try fewer words.")
        if let failure { Console.error.print("\(Console.error.styled("Warning:", .yellow, .bold)) \(failure)") }
    }
}

/// A model that was found, in the catalog or on a hub.
struct FoundModel: ListedItem, Encodable {
    let name: String
    /// `catalog` or the hub's name.
    let origin: String
    let title: String?
    let parameters: String?
    let byteCount: Int64?
    let license: String?
    let downloads: Int?
    let likes: Int?
    let quantizations: [String]
    let contextLength: Int?
    let isGated: Bool
    let isInstalled: Bool
    let modifiedAt: String?

    init(entry: CatalogEntry, isInstalled: Bool) {
        name = entry.name
        origin = "catalog"
        title = entry.title
        parameters = entry.parameters
        byteCount = entry.byteCount
        license = entry.license
        downloads = nil
        likes = nil
        quantizations = [entry.quantization]
        contextLength = entry.contextLength
        isGated = false
        self.isInstalled = isInstalled
        modifiedAt = nil
    }

    init(hit: SearchHit) {
        name = hit.reference.description
        origin = HubIdentifier.huggingFace.rawValue
        title = nil
        parameters = hit.parameterCount.map(HumanReadable.count)
        byteCount = nil
        license = hit.license
        downloads = hit.downloads
        likes = hit.likes
        quantizations = hit.quantizations
        contextLength = hit.contextLength
        isGated = hit.isGated
        isInstalled = false
        modifiedAt = hit.lastModified
    }

    static let columns: [Table.Column] = [
        .left("NAME"), .left("FROM"), .right("PARAMETERS"), .right("SIZE"), .right("DOWNLOADS"), .left("LICENCE"),
        .left("QUANTIZATIONS", isFlexible: true),
    ]

    var cells: [String] {
        [
            name + (isInstalled ? " *" : ""), origin, parameters ?? "", byteCount.map(HumanReadable.bytes) ?? "",
            downloads.map { HumanReadable.count(Int64($0)) } ?? "", (license ?? "") + (isGated ? " (gated)" : ""),
            quantizations.joined(separator: " "),
        ]
    }
}

import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost catalog`: the models that were chosen by hand.
struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Show the models that were chosen by hand, with pinned content.",
        discussion: """
            A star marks models that are in the store. Catalogs of your own, as files or https addresses, are put on \
            top by ROOST_CATALOGS.

            Examples:
              roost catalog
              roost catalog --tier minimal --tag chat
              roost catalog qwen --size small --json
              roost catalog --installed
            """
    )

    @Argument(help: "Words of the name, the description or the tags.")
    var words: [String] = []

    @Option(help: "For which machines: minimal, standard or advanced.")
    var tier: CatalogTier?

    @Option(help: "How large the file is: small (under 3 GB), medium (under 10 GB) or large.")
    var size: CatalogSizeClass?

    @Option(help: "What it is for, such as chat, code or embedding; may be given several times.")
    var tag: [String] = []

    @Option(help: "Its licence, such as apache-2.0; may be given several times.")
    var license: [String] = []

    @Flag(inversion: .prefixedNo, help: "Only models that are, or are not, in the store.")
    var installed: Bool?

    @Flag(help: "Show everything that is known of each model.")
    var details = false

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let manager = try await ModelManager()
        let digests = Set(try await manager.downloadedModels().map(\.digest))
        let filter = CatalogFilter(
            text: words.joined(separator: " "), tiers: Set([tier].compactMap { $0 }),
            sizeClasses: Set([size].compactMap { $0 }), tags: Set(tag), licenses: Set(license),
            isInstalled: installed, installed: digests)
        let items = try await manager.availableModels(filter).map {
            ListedEntry($0, isInstalled: digests.contains($0.digest))
        }
        if details, listing.style == .table {
            for (index, item) in items.enumerated() {
                if index > 0 { Console.output.print() }
                item.print(on: .output)
            }
            if items.isEmpty { Console.output.print("No model of the catalog is like that.") }
            return
        }
        try Console.output.printList(items, style: listing.style, empty: "No model of the catalog is like that.")
    }
}

extension CatalogTier: ExpressibleByArgument {}
extension CatalogSizeClass: ExpressibleByArgument {}

/// An entry of the catalog as it is listed.
struct ListedEntry: ListedItem, Encodable {
    let name: String
    let names: [String]
    let title: String
    let description: String
    let license: String?
    let parameters: String
    let quantization: String
    let contextLength: Int?
    let tier: String
    let sizeClass: String
    let tags: [String]
    let byteCount: Int64
    let digest: String
    let sources: [String]
    let isInstalled: Bool

    init(_ entry: CatalogEntry, isInstalled: Bool) {
        name = entry.name
        names = entry.names.map(\.description)
        title = entry.title
        description = entry.description
        license = entry.license
        parameters = entry.parameters
        quantization = entry.quantization
        contextLength = entry.contextLength
        tier = entry.tier.rawValue
        sizeClass = entry.sizeClass.rawValue
        tags = entry.tags
        byteCount = entry.byteCount
        digest = entry.digest.description
        sources = entry.sources.map(\.description)
        self.isInstalled = isInstalled
    }

    static let columns: [Table.Column] = [
        .left("NAME"), .right("PARAMETERS"), .right("SIZE"), .left("QUANTIZATION"), .right("CONTEXT"), .left("TIER"),
        .left("LICENCE"), .left("TAGS", isFlexible: true),
    ]

    var cells: [String] {
        [
            name + (isInstalled ? " *" : ""), parameters, HumanReadable.bytes(byteCount), quantization,
            contextLength.map(String.init) ?? "", tier, license ?? "not told", tags.joined(separator: " "),
        ]
    }

    func print(on console: Console) {
        console.print(console.styled(name, .bold) + "  \(title.printable)" + (isInstalled ? "  (in the store)" : ""))
        console.print("  \(description.printable)")
        let facts = [
            ("names", names.joined(separator: ", ")), ("parameters", parameters), ("quantization", quantization),
            ("size", "\(HumanReadable.bytes(byteCount)) (\(sizeClass))"),
            ("context", contextLength.map { "\($0) tokens" } ?? "not told"), ("tier", tier),
            ("licence", license ?? "not told"), ("tags", tags.joined(separator: ", ")), ("digest", digest),
            ("sources", sources.joined(separator: ", ")),
        ]
        for (title, value) in facts {
            console.print("  \(title.padding(toLength: 14, withPad: " ", startingAt: 0))\(value.printable)")
        }
    }
}

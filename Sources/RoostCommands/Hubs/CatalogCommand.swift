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
    let report: CatalogReport

    init(_ entry: CatalogEntry, isInstalled: Bool) { report = CatalogReport(entry, isInstalled: isInstalled) }

    var name: String { report.name }

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    static let columns: [Table.Column] = [
        .left("NAME"), .right("PARAMETERS"), .right("SIZE"), .left("QUANTIZATION"), .right("CONTEXT"), .left("TIER"),
        .left("LICENCE"), .left("TAGS", isFlexible: true),
    ]

    var cells: [String] {
        [
            name + (report.isInstalled ? " *" : ""), report.parameters, HumanReadable.bytes(report.byteCount),
            report.quantization,
            report.contextLength.map(String.init) ?? "", report.tier, report.license ?? "not told",
            report.tags.joined(separator: " "),
        ]
    }

    func print(on console: Console) {
        console.print(
            console.styled(name, .bold) + "  \(report.title.printable)" + (report.isInstalled ? "  (in the store)" : "")
        )
        console.print("  \(report.description.printable)")
        let facts = [
            ("names", report.names.joined(separator: ", ")), ("parameters", report.parameters),
            ("quantization", report.quantization),
            ("size", "\(HumanReadable.bytes(report.byteCount)) (\(report.sizeClass))"),
            ("context", report.contextLength.map { "\($0) tokens" } ?? "not told"), ("tier", report.tier),
            ("licence", report.license ?? "not told"), ("tags", report.tags.joined(separator: ", ")),
            ("digest", report.digest),
            ("sources", report.sources.joined(separator: ", ")),
        ]
        for (title, value) in facts {
            console.print("  \(title.padding(toLength: 14, withPad: " ", startingAt: 0))\(value.printable)")
        }
    }
}

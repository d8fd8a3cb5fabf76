import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost prune`: removes what nobody needs.
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove what no model needs, to free room.",
        discussion: """
            Leftovers of work that was cut short, contents that no model refers to, headers of models that are not \
            here and, with --quarantine, files that were found wrong. Models stay. Shows what would go before it goes \
            and asks, on a terminal; elsewhere --yes is needed.

            Examples:
              roost prune --dry-run
              roost prune --quarantine --yes
            """
    )

    @Flag(help: "Show what would go, and remove nothing.")
    var dryRun = false

    @Flag(help: "Also remove files that were found wrong and put into quarantine.")
    var quarantine = false

    @Flag(help: "Also remove files among the contents that the database does not know.")
    var unknown = false

    @OptionGroup var confirmation: Confirmation

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let manager = try await ModelManager()
        var options = PruneOptions()
        options.includesQuarantine = quarantine
        options.includesUnknownBlobs = unknown
        let plan = try await manager.prunePlan(options)
        if !json { Self.show(plan) }
        var freed: Int64?
        if !dryRun && !plan.isEmpty {
            try await confirmation.require("Remove these? \(HumanReadable.bytes(plan.byteCount)) will be freed.")
            let byteCount = try await manager.store.perform(plan)
            freed = byteCount
            if !json { Console.output.print("\(HumanReadable.bytes(byteCount)) freed.") }
        }
        if json {
            try Console.output.printJSON(
                Outcome(items: plan.items, byteCount: plan.byteCount, freedByteCount: freed))
        }
    }

    private static func show(_ plan: PrunePlan) {
        guard !plan.isEmpty else { return Console.output.print("Nothing to remove.") }
        var table = Table([.left("WHAT"), .right("SIZE"), .left("FILE", isFlexible: true)])
        for item in plan.items {
            table.add([item.kind.title, HumanReadable.bytes(item.byteCount), item.paths.first ?? ""])
        }
        Console.output.print(table)
        Console.output.print("\(HumanReadable.bytes(plan.byteCount)) in all.")
    }

    /// What `--json` prints.
    private struct Outcome: Encodable {
        let items: [PrunePlan.Item]
        /// What would go.
        let byteCount: Int64
        /// What went; missing when nothing was removed.
        let freedByteCount: Int64?
    }
}

extension PrunePlan.Kind {
    /// The kind in words.
    fileprivate var title: String {
        switch self {
        case .unreferenced: "unused content"
        case .unfinishedImport: "unfinished import"
        case .incoming: "unregistered download"
        case .partialDownload: "partial download"
        case .cachedHeader: "cached header"
        case .quarantined: "quarantined file"
        case .unknownBlob: "unknown content"
        }
    }
}

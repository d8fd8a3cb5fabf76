import ArgumentParser
import Roost
import Terminal

/// `roost recommend`: which models are best for this machine.
struct RecommendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend",
        abstract: "Show which models are best for this machine.",
        discussion: """
            Models of the catalog and of the store, the best first: those that fit and are fast enough to talk with, of
            these the best answers. “minimal” answers at once on almost any machine and is weak on facts, “standard” does
            for everyday work, “advanced” for hard questions.

            Examples:
              roost recommend
              roost recommend --for code --min-context 32768
              roost recommend --for embedding --json
              roost recommend --search "qwen3 GGUF"        what the Hugging Face Hub has, too
              roost recommend --on "24GB gpu, 64GB ram"    for another machine
            """)

    @Option(name: .customLong("for"), help: "What it is for: chat, code or embedding.")
    var purpose: ModelPurpose?

    @Option(help: ArgumentHelp("Tokens of context that it must be able to have.", valueName: "tokens"))
    var minContext: Int?

    @Option(help: ArgumentHelp("Look at the Hugging Face Hub for this too.", valueName: "words"))
    var search: String?

    @Option(help: ArgumentHelp("Recommend for another machine: “24GB gpu, 32GB ram”.", valueName: "machine"))
    var on: String?

    @Flag(help: "Show also models that do not fit.")
    var all = false

    @OptionGroup var listing: ListingOptions

    func validate() throws {
        if let minContext, minContext < 1 {
            throw ValidationError("--min-context is \(minContext), but must be 1 or more tokens.")
        }
    }

    func run() async throws {
        let manager = try await ModelManager()
        let found: [Recommendation]
        do {
            found = try await manager.recommendations(
                for: purpose, minimumContextLength: minContext,
                on: try on.map { try PlannedMachine(parsing: $0) }, searching: search)
        } catch {
            await manager.shutdown()
            throw error
        }
        await manager.shutdown()
        let shown = found.filter { all || $0.fits }
        try Console.output.printList(
            shown.map(RecommendationItem.init), style: listing.style,
            empty: found.isEmpty
                ? "No model is known for that; see “roost catalog” and “roost search”."
                : "None of \(found.count) models fits; --all shows them with what they need.")
        guard listing.style == .table else { return }
        if let best = shown.first {
            Console.error.print("The best: roost run \(best.candidate.name.printable)")
        }
        if shown.contains(where: { $0.tokensPerSecond == nil }), on == nil {
            Console.error.print("Speeds are known after “roost hardware --measure”.")
        }
    }
}

extension ModelPurpose: ExpressibleByArgument {}

/// One row of `roost recommend`.
struct RecommendationItem: ListedItem, Encodable {
    let report: RecommendationReport

    init(_ recommendation: Recommendation) { report = RecommendationReport(recommendation) }

    var name: String { report.name }

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    static let columns: [Table.Column] = [
        .left("NAME"), .left("TIER"), .right("SIZE"), .right("MEMORY"), .right("TOKENS/S"), .right("CONTEXT"),
        .left("WHY", isFlexible: true),
    ]

    var cells: [String] {
        [
            name + (report.isDownloaded ? " *" : ""), report.tier, HumanReadable.bytes(report.byteCount),
            (report.isPlanned ? "" : "~") + HumanReadable.bytes(report.neededByteCount),
            report.tokensPerSecond.map { "≤ " + HumanReadable.fixed($0, $0 < 9.95 ? 1 : 0) } ?? "",
            report.contextLength.map(String.init) ?? "", report.reason,
        ]
    }
}

import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost engines list`: every engine, asked for its health.
struct EnginesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Ask every engine how it is and what it has.",
        discussion: """
            Examples:
              roost engines list
              roost engines list --json
            """)

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let manager = try await ModelManager()
        let items = await manager.engines(asking: true).map(ListedEngine.init)
        await manager.shutdown()
        try Console.output.printList(
            items, style: listing.style, empty: "No engines; “roost help engines” says how to add one.")
    }
}

/// An engine as it is listed. Nothing of it is secret.
struct ListedEngine: ListedItem, Encodable {
    let name: String
    /// What it is, as it was set or found out.
    let kind: String?
    let url: String
    /// `up`, `failing`, `down`, `trial`, `misconfigured` or `unknown`.
    let state: String
    let problem: String?
    let models: [String]
    let latencyMilliseconds: Double?
    let weight: Int
    let priority: Int

    init(_ status: EngineStatus) {
        name = status.engine.name
        kind = status.kind?.rawValue
        url = status.engine.address.description
        state = status.state.rawValue
        problem = status.problem
        models = status.models.map(\.name)
        latencyMilliseconds = status.latency.map { ($0 / .milliseconds(1) * 10).rounded() / 10 }
        weight = status.engine.weight
        priority = status.engine.priority
    }

    static let columns: [Table.Column] = [
        .left("ENGINE"), .left("KIND"), .left("URL"), .left("STATE"), .right("LATENCY"), .right("WEIGHT"),
        .right("PRIORITY"), .left("MODELS", isFlexible: true),
    ]

    var cells: [String] {
        [
            name, kind ?? "", url, state, latencyMilliseconds.map { "\(HumanReadable.fixed($0, 1)) ms" } ?? "",
            "\(weight)", "\(priority)",
            (problem ?? (models.isEmpty ? "none" : models.joined(separator: " "))).printable,
        ]
    }
}

import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost providers`: other programs of this machine that serve models.
struct ProvidersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Show running programs that serve models: Ollama, LM Studio, Jan.",
        discussion: """
            Each is asked for its models at its usual address (Ollama at OLLAMA_HOST when that is set).

            Example:
              roost providers --json
            """
    )

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let items = try await ModelManager().providers().map(ListedProvider.init)
        try Console.output.printList(items, style: listing.style, empty: "No providers.")
    }
}

/// A provider as it is listed.
struct ListedProvider: ListedItem, Encodable {
    struct Model: Encodable {
        let name: String
        let byteCount: Int64?
        let quantization: String?
    }

    let name: String
    let address: String
    let isHealthy: Bool
    let models: [Model]?
    let problem: String?
    private let reason: String

    private enum CodingKeys: String, CodingKey { case name, address, isHealthy, models, problem }

    init(_ status: ProviderStatus) {
        name = status.name
        address = status.address.absoluteString
        isHealthy = status.isHealthy
        models = status.models?.map { Model(name: $0.name, byteCount: $0.byteCount, quantization: $0.quantization) }
        problem = status.failure.map { "\($0)" }
        reason =
            if case .unreachable(_, let words)? = status.failure { words } else { status.failure.map { "\($0)" } ?? "" }
    }

    static let columns: [Table.Column] = [
        .left("PROVIDER"), .left("ADDRESS"), .left("HEALTH"), .left("MODELS", isFlexible: true),
    ]

    var cells: [String] {
        [
            name, address, isHealthy ? "answers" : "not there",
            models.map { $0.isEmpty ? "none" : $0.map(\.name).joined(separator: " ") } ?? reason,
        ]
    }
}

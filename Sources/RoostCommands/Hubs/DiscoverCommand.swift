import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost discover`: what other programs have on this machine.
struct DiscoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover",
        abstract: "Show models that other programs keep on this machine.",
        discussion: """
            Looks in the folders of Ollama, LM Studio, Jan, Hugging Face's tools and llama.cpp. A star marks what is \
            in the store already; “roost adopt NAME” takes one in without copying it.

            Examples:
              roost discover
              roost discover --json
            """
    )

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let manager = try await ModelManager()
        let report = try await manager.discover()
        let digests = Set(try await manager.downloadedModels().flatMap { $0.files.map(\.digest) })
        let items = report.models.map { ListedDiscovery($0, digests: digests) }
        try Console.output.printList(
            items, style: listing.style,
            empty: "No models of Ollama, LM Studio, Jan, Hugging Face's tools or llama.cpp are on this machine.")
        guard listing.style == .table else { return }
        for problem in report.problems {
            Console.error.print("\(Console.error.styled("Warning:", .yellow, .bold)) \(problem)")
        }
    }
}

/// A discovered model as it is listed.
struct ListedDiscovery: ListedItem, Encodable {
    struct File: Encodable {
        let role: String
        let path: String
        let byteCount: Int64
        let claimedDigest: String?
    }

    let store: String
    let name: String
    /// The name under which it would be adopted.
    let storeName: String
    let origin: String?
    let revision: String?
    let byteCount: Int64
    let files: [File]
    /// Whether all of its files are in the store; `null` when the folder does not tell digests.
    let isAdopted: Bool?

    init(_ model: DiscoveredModel, digests: Set<Digest>) {
        store = model.store.rawValue
        name = model.name
        storeName = ModelName(model.storeName)?.display ?? model.storeName
        origin = model.origin?.description
        revision = model.revision
        byteCount = model.byteCount
        files = model.files.map {
            File(
                role: $0.role.word, path: $0.path, byteCount: $0.byteCount,
                claimedDigest: $0.claimedDigest?.description)
        }
        let claimed = model.files.compactMap(\.claimedDigest)
        isAdopted = claimed.count == model.files.count ? claimed.allSatisfy(digests.contains) : nil
    }

    static let columns: [Table.Column] = [
        .left("PROGRAM"), .left("NAME", isFlexible: true), .right("SIZE"), .left("FOLDER", isFlexible: true),
    ]

    var cells: [String] {
        let folder = files.first.map { URL(fileURLWithPath: $0.path).deletingLastPathComponent().path } ?? ""
        return [store, name + (isAdopted == true ? " *" : ""), HumanReadable.bytes(byteCount), folder]
    }
}

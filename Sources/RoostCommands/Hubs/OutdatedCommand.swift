import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost outdated`: models whose source has something newer.
struct OutdatedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outdated",
        abstract: "Show models whose source has other content now.",
        discussion: """
            Asks the source of each model that was pulled; models from files are left out. Nothing is downloaded.

            Examples:
              roost outdated
              roost outdated --all --json
            """
    )

    @Argument(help: "Only these models.")
    var names: [String] = []

    @Flag(help: "Show also models that are up to date.")
    var all = false

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let manager = try await ModelManager()
        let items = try await UpdateCheck(manager: manager).items(names)
        let shown = items.filter { all || $0.isOutdated != false }
        try Console.output.printList(
            shown, style: listing.style,
            empty: items.isEmpty ? "No model here came from a hub." : "All models are up to date.")
        if items.contains(where: { $0.problem != nil }) { throw ExitStatus.failure.code }
    }
}

/// `roost update`: pulls what has changed.
struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Download again the models whose source has other content now.",
        discussion: """
            A model keeps its name, its place as the active model and its statistics; the old content goes when no \
            other name refers to it.

            Examples:
              roost update                 all that are outdated
              roost update llama3.2:1b
              roost update --plan-only
            """
    )

    @Argument(help: "Only these models; all when left out.")
    var names: [String] = []

    @Flag(help: "Show what would be downloaded; download nothing.")
    var planOnly = false

    @Flag(help: "Print progress and results as JSON, one object a line.")
    var json = false

    func run() async throws {
        let manager = try await ModelManager()
        let items = try await UpdateCheck(manager: manager).items(names)
        for item in items where item.problem != nil {
            Console.error.print(
                "\(Console.error.styled("Warning:", .yellow, .bold)) \(item.name.printable): \(item.problem ?? "")")
        }
        let outdated = items.filter { $0.isOutdated == true }
        if planOnly {
            return try Console.output.printList(
                outdated, style: json ? .json : .table, empty: "All models are up to date.")
        }
        if outdated.isEmpty {
            if !json { Console.output.print("All models are up to date.") }
        } else {
            var downloads: [ModelDownload] = []
            for item in outdated {
                var options = DownloadOptions()
                options.name = item.name
                downloads.append(try await manager.download(item.reference, options: options))
            }
            try await DownloadRun(manager: manager, isJSON: json).finish(downloads)
        }
        if items.contains(where: { $0.problem != nil }) { throw ExitStatus.failure.code }
    }
}

/// Asks the sources of models whether they have other content.
struct UpdateCheck {
    let manager: ModelManager

    /// The named models, or all that came from a hub. A source that does not answer is a problem of its model only.
    func items(_ names: [String]) async throws -> [ListedUpdate] {
        var records = try await manager.downloadedModels()
        if !names.isEmpty {
            records = []
            for name in names { records.append(try await manager.model(named: name)) }
        }
        var items: [ListedUpdate] = []
        for record in records {
            do {
                items.append(ListedUpdate(try await manager.checkForUpdate(of: record.name.description)))
            } catch RoostError.noSource where names.isEmpty {
                continue
            } catch let error as CancellationError {
                throw error
            } catch {
                items.append(ListedUpdate(record, problem: "\(error)"))
            }
        }
        return items
    }
}

/// A model beside its source as it is listed.
struct ListedUpdate: ListedItem, Encodable {
    let name: String
    let reference: String
    let digest: String
    let latestDigest: String?
    let revision: String?
    let latestRevision: String?
    let byteCount: Int64?
    let isOutdated: Bool?
    let problem: String?

    init(_ stored: StoredModelUpdate) {
        let update = stored.update
        name = stored.record.name.display
        reference = stored.record.provenance?.reference ?? ""
        digest = stored.record.digest.description
        latestDigest = update.latest.weights.first?.digest?.description
        revision = stored.record.provenance?.revision
        latestRevision = update.latest.revision
        byteCount = update.byteCount
        isOutdated = update.isOutdated
        problem = nil
    }

    init(_ record: ModelRecord, problem: String) {
        name = record.name.display
        reference = record.provenance?.reference ?? ""
        digest = record.digest.description
        latestDigest = nil
        revision = record.provenance?.revision
        latestRevision = nil
        byteCount = nil
        isOutdated = nil
        self.problem = problem
    }

    static let columns: [Table.Column] = [
        .left("NAME", isFlexible: true), .left("HERE"), .left("SOURCE HAS"), .right("SIZE"),
        .left("STATE", isFlexible: true),
    ]

    var cells: [String] {
        let state =
            switch isOutdated {
            case true: "outdated"
            case false: "up to date"
            case nil: problem ?? "the source does not tell digests"
            }
        return [
            name, Self.short(digest), latestDigest.map(Self.short) ?? "", byteCount.map(HumanReadable.bytes) ?? "",
            state,
        ]
    }

    private static func short(_ digest: String) -> String { String(digest.dropFirst("sha256:".count).prefix(12)) }
}

import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost downloads`: what is on its way, in any process, and the hands on it.
struct DownloadsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "downloads",
        abstract: "Show, pause, resume, cancel or limit downloads.",
        discussion: """
            Shows the downloads that are not over, of all processes on this store.

            Examples:
              roost downloads
              roost downloads pause qwen3:8b
              roost downloads resume             those that were interrupted or paused
              roost downloads limit qwen3:8b 5M
              roost downloads cancel qwen3:8b    removes what has landed
            """,
        subcommands: [
            ListDownloads.self, PauseDownload.self, ResumeDownloads.self, CancelDownload.self, LimitDownload.self,
        ],
        defaultSubcommand: ListDownloads.self
    )
}

/// `roost downloads list`.
struct ListDownloads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the downloads that are not over.")

    @OptionGroup var listing: ListingOptions

    func run() async throws {
        let items = try await ModelManager().downloads().map(ListedDownload.init)
        try Console.output.printList(items, style: listing.style, empty: "No downloads; “roost pull NAME” begins one.")
    }
}

/// A download as it is listed.
struct ListedDownload: ListedItem, Encodable {
    let report: DownloadSummary

    init(_ item: LedgerItem) { report = DownloadSummary(item) }

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    static let columns: [Table.Column] = [
        .left("ID"), .left("MODEL", isFlexible: true), .left("STATE"), .right("DONE"), .right("OF"), .right("SPEED"),
        .right("LEFT"), .left("NOTE", isFlexible: true),
    ]

    var cells: [String] {
        let percent = report.total.map { $0 > 0 ? "  \(Int(100 * Double(report.completed) / Double($0)))%" : "" } ?? ""
        let limit = report.bandwidthLimit.map { "limit \(HumanReadable.bytes($0))/s" }
        let speed = report.bytesPerSecond
        return [
            String(report.id.prefix(6)), report.model, report.state, HumanReadable.bytes(report.completed) + percent,
            report.total.map(HumanReadable.bytes) ?? "?",
            speed >= 1 ? HumanReadable.bytes(Int64(min(speed, 1e18))) + "/s" : "",
            report.timeRemaining.map { HumanReadable.duration(.seconds(min($0.rounded(.up), 1e9))) } ?? "",
            [limit, report.failure].compactMap { $0 }.joined(separator: "; "),
        ]
    }

    var name: String { report.model }
}

/// The downloads that a command is for.
struct DownloadTargets: ParsableArguments {
    @Argument(help: "The model's name, or the download's number.")
    var names: [String] = []

    @Flag(help: "All downloads.")
    var all = false

    func validate() throws {
        guard all != names.isEmpty else { return }
        throw ValidationError(all ? "Choose one of names and --all." : "Name a download, or take --all.")
    }

    func chosen(from manager: ModelManager) async throws -> [String] {
        all ? try await manager.downloads().map(\.ticket.id) : names
    }

    /// Sends a command to each and prints what came of it.
    func send(_ command: DownloadCommand, done: String) async throws {
        let manager = try await ModelManager()
        for name in try await chosen(from: manager) {
            let title = try await manager.downloads().first { $0.answers(to: name) }?.ticket.name ?? name
            try await manager.send(command, toDownload: name)
            Console.output.print("\(done) \((ModelName(title)?.display ?? title).printable).")
        }
    }
}

/// `roost downloads pause`.
struct PauseDownload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pause downloads; what has landed is kept.")

    @OptionGroup var targets: DownloadTargets

    func run() async throws { try await targets.send(.pause, done: "Paused") }
}

/// `roost downloads cancel`.
struct CancelDownload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel downloads and remove what has landed.")

    @OptionGroup var targets: DownloadTargets

    func run() async throws { try await targets.send(.cancel, done: "Cancelled") }
}

/// `roost downloads limit`.
struct LimitDownload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Limit the rate of a download, while it runs.",
        discussion: """
            Examples:
              roost downloads limit qwen3:8b 5M
              roost downloads limit qwen3:8b none
            """)

    @Argument(help: "The model's name, or the download's number.")
    var name: String

    @Argument(help: "Bytes per second: 500k, 10M, 20MiB; none for no limit.")
    var rate: String

    func validate() throws {
        guard ByteRate(rate) != nil else {
            throw ValidationError("“\(rate)” is no rate; write bytes per second such as 500k, 10M or 20MiB, or none.")
        }
    }

    func run() async throws {
        let limit = ByteRate(rate)?.bytesPerSecond
        let manager = try await ModelManager()
        try await manager.send(.limit(limit), toDownload: name)
        Console.output.print(
            limit.map { "\(name.printable) gets at most \(HumanReadable.bytes($0))/s." }
                ?? "\(name.printable) has no limit.")
    }
}

/// `roost downloads resume`.
struct ResumeDownloads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with downloads that were paused or interrupted.",
        discussion: "A download that another process paused goes on there; the others go on here, until they are done.")

    @Argument(help: "The model's name, or the download's number; all when left out.")
    var name: String?

    @Flag(help: "Print progress and results as JSON, one object a line.")
    var json = false

    func run() async throws {
        let manager = try await ModelManager()
        for item in try await manager.downloads() where item.isRunning && item.ticket.state == .paused {
            guard name.map({ item.answers(to: $0) }) ?? true else { continue }
            try await manager.send(.resume, toDownload: item.ticket.id)
            if !json { Console.error.print("\(item.ticket.name.printable) goes on in its own process.") }
        }
        let downloads = try await manager.resumeDownloads(named: name, includingPaused: true)
        guard !downloads.isEmpty else {
            if !json, try await manager.downloads().isEmpty { Console.error.print("No downloads.") }
            return
        }
        try await DownloadRun(manager: manager, isJSON: json).finish(downloads)
    }
}

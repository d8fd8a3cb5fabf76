import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost pull`: brings models into the store.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Download models into the store.",
        discussion: """
            Names are those of the catalog (“roost catalog”), of Ollama's library and of Hugging Face; an https address \
            or a path does too. What an earlier run left is gone on with, and what another program has on this machine \
            already is linked instead of downloaded.

            Examples:
              roost pull tinyllama
              roost pull llama3.2:1b qwen3:4b
              roost pull bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M
              roost pull hf.co/user/repo --quant Q8_0 --revision v1.0 --as mine:q8
              roost pull qwen3:8b --plan-only      what would be done, and whether there is room
              roost pull qwen3:8b --limit-rate 5M
            """
    )

    @Argument(help: "The models.")
    var names: [String]

    @OptionGroup var source: SourceOptions

    @Option(name: .customLong("as"), help: ArgumentHelp("The model's name in the store.", valueName: "name"))
    var newName: String?

    @Option(help: ArgumentHelp("Bytes per second of each download: 500k, 10M, 20MiB.", valueName: "rate"))
    var limitRate: String?

    @Option(help: "Among downloads that wait for their turn the higher goes first.")
    var priority = 0

    @Flag(help: "Download also what another program has on this machine.")
    var noAdopt = false

    @Flag(help: "Show what would be downloaded, from where, and whether there is room; download nothing.")
    var planOnly = false

    @Flag(help: "Print progress and results as JSON, one object a line.")
    var json = false

    func validate() throws {
        if newName != nil, names.count > 1 {
            throw ValidationError("--as names one model; pull one at a time with it.")
        }
        if let limitRate, ByteRate(limitRate) == nil {
            throw ValidationError("--limit-rate is “\(limitRate)”, but must be a rate such as 500k, 10M or 20MiB.")
        }
    }

    func run() async throws {
        let manager = try await ModelManager()
        var options = try source.options()
        options.name = newName
        options.bandwidthLimit = limitRate.flatMap { ByteRate($0)?.bytesPerSecond }
        options.priority = priority
        options.adoptsLocalContent = !noAdopt
        if planOnly { return try await plan(with: manager, options) }
        var downloads: [ModelDownload] = []
        for name in Self.distinct(names) { downloads.append(try await manager.download(name, options: options)) }
        try await DownloadRun(manager: manager, isJSON: json).finish(downloads)
    }

    private func plan(with manager: ModelManager, _ options: DownloadOptions) async throws {
        for (index, name) in names.enumerated() {
            let plan = ShownPlan(try await manager.downloadPlan(name, options: options))
            if json {
                try Console.output.printJSONLine(plan)
            } else {
                if index > 0 { Console.output.print() }
                plan.print(on: .output)
            }
        }
    }

    private static func distinct(_ names: [String]) -> [String] {
        var seen = Set<String>()
        return names.filter { seen.insert($0).inserted }
    }
}

/// Which of a source's variants is meant: the flags of every command that resolves a name.
struct SourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The quantization, such as Q4_K_M.", valueName: "name"))
    var quant: String?

    @Option(help: "A branch, tag or commit of the repository.")
    var revision: String?

    @Option(help: "Ask this hub only: huggingface, ollama, url or local.")
    var source: String?

    func options() throws -> DownloadOptions {
        var options = DownloadOptions()
        options.quantization = quant
        options.revision = revision
        if let source {
            let known: [HubIdentifier] = [.huggingFace, .ollama, .web, .local]
            guard let hub = known.first(where: { $0.rawValue == source.lowercased() }) else {
                throw ValidationError("--source is “\(source)”, but must be huggingface, ollama, url or local.")
            }
            options.hub = hub
        }
        return options
    }
}

import ArgumentParser
import Foundation
import Roost
import Terminal
import Workers

/// `roost plan`: whether and how a model fits, before it is downloaded.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Tell whether and how a model fits, before it is downloaded.",
        discussion: """
            Of a model that is not here only the header is fetched, a few megabytes. Figures for this machine are the
            engine's own; for another machine they are computed.

            Examples:
              roost plan qwen3:8b
              roost plan hf.co/bartowski/Llama-3.3-70B-Instruct-GGUF --quant Q4_K_M --explain
              roost plan gemma3 --ctx 32768 --parallel 8
              roost plan qwen3:8b --on "24GB gpu, 32GB ram"
              roost plan qwen3:8b --on "2x rtx 4090, 64GB ram" --json
              roost plan --accuracy           what was predicted for earlier loads, and what they took

            Ends with status 1 when the model does not fit.
            """)

    @Argument(
        help: "The model: a name, a hub's reference, an address or a file; the active one when left out.",
        completion: .shellCommand("roost list --quiet"))
    var model: String?

    @Option(
        name: [.customLong("ctx"), .customLong("context"), .customLong("num-ctx")],
        help: ArgumentHelp("Tokens of prompt and answer that are needed.", valueName: "tokens"))
    var contextLength: Int?

    @Option(help: ArgumentHelp("Requests that are computed together.", valueName: "n"))
    var parallel: Int?

    @Option(help: ArgumentHelp("Type of the KV cache: f16, q8_0, q4_0, …", valueName: "type"))
    var kvType: String?

    @Option(help: ArgumentHelp("Layers on the GPU; 0 for none.", valueName: "n"))
    var gpuLayers: Int?

    @Option(
        help: ArgumentHelp(
            "Plan for another machine: “24GB gpu, 32GB ram”, “rtx 4090, 64GB ram”.", valueName: "machine"))
    var on: String?

    @Flag(help: "Say why each setting is what it is.")
    var explain = false

    @Flag(help: "Compare earlier predictions with what the loads took.")
    var accuracy = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: SourceOptions

    func validate() throws {
        if accuracy, model != nil || on != nil {
            throw ValidationError("--accuracy is about earlier loads; leave out the model and --on with it.")
        }
        if let kvType, KVCacheType(rawValue: kvType.lowercased()) == nil {
            let known = KVCacheType.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--kv-type is “\(kvType)”, but must be one of \(known).")
        }
    }

    func run() async throws {
        let configuration = try RoostConfiguration.forCommands()
        // A header of a large model is some megabytes, copied a few times on its way.
        FreedMemory.returnToSystem()
        let manager = try await ModelManager(configuration: configuration)
        do {
            let fits = try await accuracy ? showAccuracy(manager) : showPlan(manager)
            await manager.shutdown()
            if !fits { throw ExitStatus.failure.code }
        } catch {
            await manager.shutdown()
            throw error
        }
    }

    private func showAccuracy(_ manager: ModelManager) async throws -> Bool {
        let items = try await manager.predictions().map(PredictionItem.init)
        try Console.output.printList(
            items, style: json ? .json : .table,
            empty: "No model has been loaded and unloaded yet; predictions are compared when one is unloaded.")
        return true
    }

    private func showPlan(_ manager: ModelManager) async throws -> Bool {
        var request = PlanRequest(contextLength: contextLength, others: manager.configuration.load)
        request.parallelRequestCount = parallel
        request.gpuLayerCount = gpuLayers
        let type = kvType.flatMap { KVCacheType(rawValue: $0.lowercased()) }
        (request.keyCacheType, request.valueCacheType) = (type, type)
        let planned = try await manager.plan(
            model, request: request, on: try on.map { try PlannedMachine(parsing: $0) }, options: try source.options())
        if json {
            try Console.output.printJSON(PlanReport(planned))
        } else {
            PlanView(planned: planned, explains: explain, isDescribed: on != nil).print(on: .output)
        }
        return planned.plan.fits
    }
}

/// One row of `roost plan --accuracy`.
struct PredictionItem: ListedItem, Encodable {
    let prediction: PlanPrediction

    var name: String { prediction.model }

    func encode(to encoder: any Encoder) throws {
        try prediction.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(prediction.error, forKey: .error)
    }

    private enum CodingKeys: CodingKey { case error }

    static let columns: [Table.Column] = [
        .left("NAME", isFlexible: true), .left("UNLOADED"), .right("CONTEXT"), .right("TOKENS"), .right("PREDICTED"),
        .right("PEAK"), .right("ERROR"), .right("ENGINE'S PART"), .right("ERROR"),
    ]

    var cells: [String] {
        let predicted = prediction.predicted.totalByteCount
        let actual = prediction.actual.totalByteCount
        return [
            prediction.model, HumanReadable.relative(prediction.time, to: .now),
            prediction.options.contextLength.map(String.init) ?? "", "\(prediction.tokenCount)",
            prediction.predictedByteCount == prediction.predictedMostByteCount
                ? HumanReadable.bytes(prediction.predictedByteCount)
                : HumanReadable.bytes(prediction.predictedByteCount) + " to "
                    + HumanReadable.bytes(prediction.predictedMostByteCount),
            prediction.peakByteCount.map(HumanReadable.bytes) ?? "unknown", Self.percent(prediction.error),
            HumanReadable.bytes(actual), Self.percent(actual > 0 ? Double(predicted) / Double(actual) - 1 : nil),
        ]
    }

    private static func percent(_ part: Double?) -> String {
        part.map { ($0 >= 0 ? "+" : "−") + HumanReadable.fixed(abs($0) * 100, 1) + " %" } ?? "unknown"
    }
}

import ArgumentParser
import Roost
import Terminal

/// `roost tune`: measures which settings are fastest for a model here.
struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Measure which settings are fastest for a model on this machine.",
        discussion: """
            Tries threads, tokens computed at once and ways of attention, and keeps what is faster than the defaults \
            by more than 3 % beyond doubt. It is used from the next loading on, wherever you have not chosen \
            otherwise. Leave the machine alone meanwhile.

            Examples:
              roost tune gemma3
              roost tune gemma3 --seconds 120 --json     all samples
              roost tune gemma3 --show                   what was found
              roost tune gemma3 --forget                 the defaults again
            """)

    @Argument(help: "The model; the active one when left out.")
    var model: String?

    @Option(help: ArgumentHelp("About how long it may take.", valueName: "seconds"))
    var seconds = 60.0

    @Flag(help: "Print JSON, with every sample.")
    var json = false

    @Flag(help: "Measure nothing; show what was found last.")
    var show = false

    @Flag(help: "Measure nothing; forget what was found, of all models when none is named.")
    var forget = false

    func validate() throws {
        if show, forget { throw ValidationError("Choose one of --show and --forget.") }
        guard (5...3600).contains(seconds) else {
            throw ValidationError("--seconds is \(seconds), but must be between 5 and 3600.")
        }
    }

    func run() async throws {
        let manager = try await ModelManager(configuration: .forCommands())
        if forget {
            let count = try await manager.forgetTuning(of: model)
            if !json { return Console.output.print(count == 0 ? "There was nothing to forget." : "Forgotten.") }
            return try Console.output.printJSON(["forgotten": count])
        }
        guard let report = try await report(manager) else {
            if json { return Console.output.print("null") }
            let name = try await manager.model(named: model).name.display
            return Console.output.print(
                "\(name) has not been tuned on this machine with this engine; “roost tune \(name)” does it.")
        }
        if json { return try Console.output.printJSON(report) }
        TuningView(report: report).print(on: Console.output)
    }

    private func report(_ manager: ModelManager) async throws -> TuningReport? {
        if show { return try await manager.tuning(of: model) }
        let bar = Console.error.isTerminal ? ProgressBar("Tuning", unit: .fraction, console: .error) : nil
        defer { bar?.finish() }
        return try await manager.tune(model, seconds: seconds) { _, fraction in
            bar?.update(completed: Int64(fraction * 1000), total: 1000)
        }
    }
}

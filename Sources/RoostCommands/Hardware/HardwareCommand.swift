import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost hardware`: what this machine has for models.
struct HardwareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hardware",
        abstract: "Show what this machine has for models.",
        discussion: """
            Processor, memory, limits of the container, graphics, disk and sensors, as far as they can be told; what cannot
            be told is “unknown”.

            Examples:
              roost hardware
              roost hardware --json
              roost hardware --measure          also measure how fast models can be at most; half a minute
              roost hardware --watch            how it does, every second, until ctrl-C
              roost hardware --watch --json     the same, one object a line
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show load, memory and temperatures again and again.")
    var watch = false

    @Flag(
        help: "Measure how fast the engine's kernels read and multiply each type of weights. Leave the machine alone.")
    var measure = false

    @Option(help: ArgumentHelp("Seconds from one look to the next with --watch.", valueName: "seconds"))
    var interval = 1.0

    @Option(help: ArgumentHelp("About how long --measure may take.", valueName: "seconds"))
    var seconds = 20.0

    func validate() throws {
        guard (1...600).contains(seconds) else {
            throw ValidationError("--seconds is \(seconds), but must be between 1 and 600.")
        }
        if watch, measure { throw ValidationError("Choose one of --watch and --measure.") }
        guard interval >= 0.1, interval <= 3600 else {
            throw ValidationError("--interval is \(interval), but must be between 0.1 and 3600 seconds.")
        }
    }

    func run() async throws {
        let configuration = try RoostConfiguration.fromEnvironment()
        let home = configuration.homeDirectory
        if watch { return try await watchMachine() }
        let machine = await Machine.current(diskPaths: [home.nearestExistingFolder.path])
        let limits = try await limits(of: machine, configuration)
        if json { return try Console.output.printJSON(MachineReport(machine: machine, limits: limits)) }
        Console.output.print(MachineDetails(machine: machine, diskRead: limits?.diskRead).groups)
        if let limits { CeilingView(measurement: limits).print(on: Console.output) }
    }

    /// What was measured of the machine, now or before; `nil` when nothing was.
    private func limits(of machine: Machine, _ configuration: RoostConfiguration) async throws -> MachineMeasurement? {
        // To look at a machine makes no folder on it.
        let home = configuration.homeDirectory
        let hasStore = FileManager.default.fileExists(atPath: home.appending(path: "roost.db").path)
        if !measure {
            // A store that cannot be opened is no reason not to show the machine.
            guard hasStore, let store = try? await ModelStore(root: home) else { return nil }
            return try? await store.measurement(of: machine)
        }
        let store = try await ModelStore(root: home, modelFolders: configuration.modelFolders)
        let bar = Console.error.isTerminal ? ProgressBar("Measuring", unit: .fraction, console: .error) : nil
        defer { bar?.finish() }
        let measurement = try await store.measureLimits(of: machine, seconds: seconds) { progress in
            bar?.update(completed: Int64(progress.fraction * 1000), total: 1000)
        }
        bar?.finish()
        if measurement.wasBusy == true {
            let load = measurement.loadBefore.map { " (\(Int(($0 * 100).rounded())) % of the processors used before)" }
            Console.error.print(
                "\(Console.error.styled("Warning:", .yellow, .bold)) the machine was busy\(load ?? ""): its limits may be "
                    + "higher. Measure again when it is quiet; the best of all measurements holds.")
        }
        return try await store.measurement(of: machine)
    }

    private func watchMachine() async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        for await sample in Machine.samples(every: .seconds(interval)) {
            Console.output.print(
                json ? String(decoding: try encoder.encode(sample), as: UTF8.self) : MachineSampleLine(sample).text)
        }
    }
}

extension URL {
    /// The folder itself, or the first above it that is there.
    var nearestExistingFolder: URL {
        var folder = standardizedFileURL
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.path) {
            folder = folder.deletingLastPathComponent()
        }
        return folder
    }
}

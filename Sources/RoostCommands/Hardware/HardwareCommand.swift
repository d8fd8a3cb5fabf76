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
              roost hardware --watch            how it does, every second, until ctrl-C
              roost hardware --watch --json     the same, one object a line
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Show load, memory and temperatures again and again.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds from one look to the next with --watch.", valueName: "seconds"))
    var interval = 1.0

    func validate() throws {
        guard interval >= 0.1, interval <= 3600 else {
            throw ValidationError("--interval is \(interval), but must be between 0.1 and 3600 seconds.")
        }
    }

    func run() async throws {
        let home = try RoostConfiguration.fromEnvironment().homeDirectory
        if watch { return try await watchMachine() }
        let machine = await Machine.current(diskPaths: [home.nearestExistingFolder.path])
        if json {
            try Console.output.printJSON(MachineReport(machine: machine))
        } else {
            Console.output.print(MachineDetails(machine: machine).groups)
        }
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

/// A machine, and what follows for models from what it has.
private struct MachineReport: Encodable {
    let machine: Machine

    func encode(to encoder: any Encoder) throws {
        try machine.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(machine.computeThreadCount, forKey: .computeThreadCount)
        try container.encodeIfPresent(machine.availableByteCount, forKey: .availableByteCount)
    }

    private enum CodingKeys: CodingKey { case computeThreadCount, availableByteCount }
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

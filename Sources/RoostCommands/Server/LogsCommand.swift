import ArgumentParser
import Foundation
import Roost
import Terminal
import Workers

/// `roost logs`: what the worker of a model, and the engine in it, said.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what the engine of a model logged.",
        discussion: "Each model that runs in a worker has a log of its own. Prompts and answers are not in it.")

    @Argument(help: "The model.", completion: .none)
    var model: String

    @Flag(name: .shortAndLong, help: "Go on with what is logged from now on, until ctrl-C.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: "Show the last so many lines only.")
    var lines: Int?

    @Flag(help: "Print each line as JSON.")
    var json = false

    func validate() throws {
        if let lines, lines < 0 { throw ValidationError("--lines must be 0 or more.") }
    }

    func run() async throws {
        let home = RoostConfiguration.defaultHomeDirectory()
        let folder = home.appending(path: "logs", directoryHint: .isDirectory)
        let candidates = try Self.names(of: model).map { WorkerLogFile(folder: folder, model: $0) }
        guard let log = candidates.first(where: \.exists) else { throw LogsError.none(model: model) }
        var (lines, end) = try log.lines(last: lines)
        while true {
            for line in lines { try show(line) }
            guard follow else { return }
            try await Task.sleep(for: .milliseconds(200))
            // Between two files of a rotation there may be none.
            if log.exists { (lines, end) = try log.lines(after: end) } else { lines = [] }
        }
    }

    private func show(_ line: WorkerLogFile.Line) throws {
        if json {
            try Console.output.printJSONLine(line)
        } else {
            Console.output.print("\(line.time) \(line.text)".printable)
        }
    }

    /// What the log of a model may be called: as it was asked for, or in full.
    private static func names(of model: String) throws -> [String] {
        let full = (try? ModelName(parsing: model)).map { "\($0)" }
        return [model] + [full].compactMap { $0 } + [model + ":latest"]
    }
}

/// Why there is nothing to show.
enum LogsError: Error, CustomStringConvertible {
    case none(model: String)

    var description: String {
        switch self {
        case .none(let model):
            "There is no log of “\(model)”; it has one once it ran in a worker. “roost list” shows the models."
        }
    }
}

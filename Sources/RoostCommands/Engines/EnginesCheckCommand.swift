import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost engines check`: one engine, of the settings or by its address, in detail.
struct EnginesCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Ask one engine what it is, how it is and what it has.",
        discussion: """
            Ends with status 1 when it cannot be used.

            Examples:
              roost engines check cluster
              roost engines check http://127.0.0.1:8080
              CLUSTER_KEY=… roost engines check https://gpu.example/v1 --key-env CLUSTER_KEY
            """)

    @Argument(help: "The name of an engine in the settings, or an address.")
    var engine: String

    @Option(help: "For an address: the environment variable that holds its key.")
    var keyEnv: String?

    @Flag(help: "For an address: allow http to other hosts than this machine's and inner networks'.")
    var insecure = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let router = EngineRouter([try configured()])
        let status = await router.statuses(asking: true).first
        await router.close()
        guard let status else { return }
        let item = ListedEngine(status)
        if json {
            try Console.output.printJSON(item)
        } else {
            Console.output.print(groups(item, status))
        }
        if status.state != .up { throw ExitStatus.failure.code }
    }

    private func configured() throws -> RemoteEngine {
        guard engine.contains("://") else {
            let engines = try RoostConfiguration.fromEnvironment().engines
            guard let known = engines.first(where: { $0.name == engine }) else {
                throw RemoteEngineError.unknownEngine(name: engine, known: engines.map(\.name))
            }
            return known
        }
        var table: [String: EngineSetting] = ["url": .text(engine), "insecure": .flag(insecure)]
        if let keyEnv { table["api_key_env"] = .text(keyEnv) }
        let engines = try EngineTable(environment: ProcessInfo.processInfo.environment).engines(in: ["checked": table])
        guard let checked = engines.first else { throw RemoteEngineError.unknownEngine(name: engine, known: []) }
        return checked
    }

    private func groups(_ item: ListedEngine, _ status: EngineStatus) -> [TitledGroup] {
        var rows = [("address", item.url), ("kind", item.kind ?? "unknown"), ("state", item.state)]
        if let problem = item.problem { rows.append(("problem", problem.printable)) }
        if let latency = item.latencyMilliseconds { rows.append(("latency", "\(HumanReadable.fixed(latency, 1)) ms")) }
        let models = status.models.map { model in
            let facts = [
                model.facts.name == model.name ? nil : "is \(model.facts.name)", model.facts.parameterSize,
                model.facts.quantization, model.facts.contextLength.map { "\($0) tokens" },
                model.facts.abilities?.joined(separator: " "),
            ]
            return (model.name.printable, facts.compactMap(\.self).joined(separator: ", ").printable)
        }
        return [TitledGroup(title: "Engine", rows: rows.map { (name: $0.0, value: $0.1) })]
            + (models.isEmpty
                ? [] : [TitledGroup(title: "Models", rows: models.map { (name: $0.0, value: $0.1) })])
    }
}

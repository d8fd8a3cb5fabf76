import ArgumentParser
import Roost
import Terminal

/// `roost verify`: hashes models' files again.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that models' files are what was taken in.",
        discussion: """
            Reads each file and compares its SHA-256; says which file is damaged, and where. The exit status is 1 when \
            one is damaged or missing.

            Examples:
              roost verify gemma3
              roost verify --all          all models, as without a name
              roost verify --json
            """
    )

    @Argument(help: "The models; all when left out.")
    var models: [String] = []

    @Flag(help: "Verify all models.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if all && !models.isEmpty { throw ValidationError("Give models or --all, not both.") }
    }

    func run() async throws {
        let manager = try await ModelManager()
        let names = try await names(of: manager)
        var results: [VerificationReport] = []
        for name in names {
            // With --json the one answer is the array of results.
            let report = json ? nil : TransferReport(isJSON: false, label: name.display)
            defer { report?.finish() }
            let result = VerificationReport(try await manager.store.verify(name) { report?.update($0) })
            report?.finish()
            results.append(result)
            if !json { for line in result.lines { Console.output.print(line) } }
        }
        if json {
            try Console.output.printJSON(results)
        } else if results.isEmpty {
            Console.output.print("No models yet; “roost import FILE” takes one in.")
        }
        if results.contains(where: { $0.status != .intact }) { throw ExitStatus.failure.code }
    }

    private func names(of manager: ModelManager) async throws -> [ModelName] {
        guard models.isEmpty else { return try models.map { try ModelName(parsing: $0) } }
        return try await manager.downloadedModels().map(\.name)
    }
}

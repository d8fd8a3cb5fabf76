import ArgumentParser
import Roost
import Terminal

/// `roost verify`: hashes models' files again.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that models' files are what was taken in.",
        discussion: """
            Reads each file and compares its SHA-256. The exit status is 1 when a file is damaged or missing.

            Examples:
              roost verify gemma3
              roost verify                all models
              roost verify --json
            """
    )

    @Argument(help: "The models; all when left out.")
    var models: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let manager = try await ModelManager()
        let names = try await names(of: manager)
        var results: [VerifiedModel] = []
        for name in names {
            // With --json the one answer is the array of results.
            let report = json ? nil : TransferReport(isJSON: false, label: name.display)
            defer { report?.finish() }
            let result = VerifiedModel(try await manager.store.verify(name) { report?.update($0) })
            report?.finish()
            results.append(result)
            if !json { Console.output.print(result.sentence) }
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

/// One result of `roost verify`.
private struct VerifiedModel: Encodable {
    enum Status: String, Encodable { case intact, damaged, missing, unavailable }

    let name: ModelName
    let digest: Digest
    let status: Status
    /// What a damaged file has instead.
    let found: Digest?

    init(_ result: VerificationResult) {
        name = result.name
        digest = result.expected
        switch result.outcome {
        case .intact: (status, found) = (.intact, nil)
        case .damaged(let other, _): (status, found) = (.damaged, other)
        case .missing: (status, found) = (.missing, nil)
        case .unavailable: (status, found) = (.unavailable, nil)
        }
    }

    var sentence: String {
        switch status {
        case .intact: "\(name.display): intact (\(digest.short))"
        case .damaged:
            "\(name.display): damaged, content is \(found?.short ?? "other") instead of \(digest.short); "
                + "remove it and import or pull it again"
        case .missing: "\(name.display): its file is gone; import or pull it again"
        case .unavailable: "\(name.display): its model folder is not there; mount its disk and try again"
        }
    }
}

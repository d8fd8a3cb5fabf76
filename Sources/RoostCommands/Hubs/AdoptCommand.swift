import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost adopt`: takes other programs' models into the store.
struct AdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Take models of other programs into the store, without copying them.",
        discussion: """
            The files are linked: both programs have them, the disk holds them once, and they stay when the other \
            program removes its own. They are hashed on the way, and refused when they are not what the other \
            program's records say. Files on another file system cannot be linked; --copy copies those.

            Examples:
              roost discover                 names and folders
              roost adopt llama3.2:1b
              roost adopt user/model --from lmstudio --as mine
              roost adopt --all
            """
    )

    @Argument(help: "Names as “roost discover” shows them.")
    var names: [String] = []

    @Flag(help: "All that was found.")
    var all = false

    @Option(help: "Only this program's: ollama, lmstudio, jan, huggingface or llama.cpp.")
    var from: String?

    @Option(name: .customLong("as"), help: ArgumentHelp("The model's name in the store.", valueName: "name"))
    var newName: String?

    @Flag(help: "Copy files that cannot be linked.")
    var copy = false

    @Flag(help: "Print progress and results as JSON, one object a line.")
    var json = false

    func validate() throws {
        guard all != names.isEmpty else {
            if all { return }
            if names.count > 1, newName != nil { throw ValidationError("--as names one model; adopt one at a time.") }
            return
        }
        throw ValidationError(all ? "Choose one of names and --all." : "Name a model, or take --all.")
    }

    func run() async throws {
        let manager = try await ModelManager()
        let found = try await manager.discover().models.filter { from == nil || $0.store.rawValue == from }
        let chosen = all ? found : try names.map { try Self.one($0, among: found) }
        if chosen.isEmpty { Console.error.print("Nothing was found to adopt.") }
        var failureCount = 0
        for model in chosen {
            let report = TransferReport(isJSON: json, label: "hashing \(model.name)")
            defer { report.finish() }
            do {
                let record = try await manager.adopt(model, as: newName, copying: copy, progress: report.update)
                report.finish()
                if json {
                    try Console.output.printJSONLine(Adopted(model: record))
                } else {
                    Console.output.print(
                        "Adopted \(record.name.display) from \(model.store) (\(HumanReadable.bytes(record.totalByteCount)), \(record.digest.short))."
                    )
                }
            } catch  where chosen.count > 1 && !(error is CancellationError) {
                report.finish()
                Console.error.print("\(model.name.printable): \(error)")
                failureCount += 1
            }
        }
        if failureCount > 0 { throw ExitStatus.failure.code }
    }

    private struct Adopted: Encodable {
        var status = "success"
        let model: ModelRecord
    }

    private static func one(_ name: String, among found: [DiscoveredModel]) throws -> DiscoveredModel {
        let wanted = name.lowercased()
        let same = found.filter { model in
            let names = [model.name, model.storeName, ModelName(model.storeName)?.display, model.origin?.description]
            return names.contains { $0?.lowercased() == wanted }
                || ModelName(model.name) != nil && ModelName(model.name) == ModelName(name)
        }
        guard let model = same.first else {
            throw AdoptError.notFound(name: name, found: found.map(\.name))
        }
        guard Set(same.map(\.store)).count == 1 else {
            throw AdoptError.several(name: name, stores: Set(same.map(\.store.rawValue)).sorted())
        }
        return model
    }
}

/// Why a model was not adopted.
enum AdoptError: Error, CustomStringConvertible {
    case notFound(name: String, found: [String])
    case several(name: String, stores: [String])

    var description: String {
        switch self {
        case .notFound(let name, let found):
            found.isEmpty
                ? "No other program has “\(name.printable)” on this machine; “roost pull” downloads models."
                : "No other program has “\(name.printable)” on this machine; “roost discover” shows what is there."
        case .several(let name, let stores):
            "“\(name.printable)” is in more than one program's folder; add --from with one of: \(stores.joined(separator: ", "))."
        }
    }
}

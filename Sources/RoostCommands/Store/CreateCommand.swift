import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost create`: makes a model of another one, by a Modelfile.
struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a model of another one, with its own system prompt and parameters.",
        discussion: """
            Reads a Modelfile, as Ollama's users write it:

              FROM gemma3                   a model, which is pulled when it is not here, or a .gguf file
              PARAMETER temperature 0.3
              SYSTEM \"\"\"Answer in one sentence.\"\"\"

            Also ADAPTER (a LoRA file), MESSAGE, LICENSE, and TEMPLATE with a Jinja chat template. The new model shares \
            the files of the one that it is made of; “roost show MODEL --modelfile” prints such a file.

            Examples:
              roost create brief                        from ./Modelfile
              roost create brief -f recipes/Modelfile
            """
    )

    @Argument(help: "The new model's name; a model that has it is replaced.")
    var name: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The Modelfile.", valueName: "path"), completion: .file())
    var file = "Modelfile"

    @Option(name: [.customShort("q"), .long], help: .hidden)
    var quantize: String?

    @Flag(help: "Print progress and result as JSON, one object a line.")
    var json = false

    func run() async throws {
        if let quantize { throw ModelCreationError.cannotQuantize(quantization: quantize) }
        let url = URL(fileURLWithPath: NSString(string: file).expandingTildeInPath)
        let creation = try ModelCreation(
            name: name, modelfile: Modelfile(parsing: try text(of: url)), folder: url.deletingLastPathComponent())
        let manager = try await ModelManager()
        if case .model(let base) = creation.base { try await require(base, manager) }
        let report = TransferReport(isJSON: json)
        defer { report.finish() }
        let record = try await manager.create(creation, progress: report.update)
        report.finish()
        if json {
            try Console.output.printJSONLine(CreatedModel(model: record))
        } else {
            let own = record.files.filter { !$0.role.isLoaded }.map(\.role.rawValue)
            let facts = [HumanReadable.bytes(record.totalByteCount), record.architecture, record.quantization] + own
            Console.output.print("Created \(record.name.display) (\(facts.joined(separator: ", ").printable)).")
        }
    }

    private func text(of url: URL) throws -> String {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw CreateError.noModelfile(path: file)
        }
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        let data = try handle.read(upToCount: Modelfile.maximumByteCount + 1) ?? Data()
        guard let text = String(validating: data, as: UTF8.self) else { throw CreateError.notText(path: file) }
        return text
    }

    /// Pulls the base when it is not here.
    private func require(_ base: String, _ manager: ModelManager) async throws {
        do {
            _ = try await manager.model(named: base)
        } catch ModelStoreError.notFound {
            let download = try await manager.download(base)
            try await DownloadRun(manager: manager, isJSON: json, results: .error).finish([download])
        }
    }

    /// The last line of `--json`.
    private struct CreatedModel: Encodable {
        var status = "success"
        let model: ModelRecord
    }
}

/// Why a Modelfile cannot be read.
private enum CreateError: Error, CustomStringConvertible {
    case noModelfile(path: String)
    case notText(path: String)

    var description: String {
        switch self {
        case .noModelfile(let path):
            "There is no file “\(path.printable)”; write a Modelfile (“roost help create” shows one) or name it with -f."
        case .notText(let path): "“\(path.printable)” is not a text in UTF-8; a Modelfile is."
        }
    }
}

import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost import`: takes a model file into the store.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take a model file (GGUF), or the folder of one, into the store.",
        discussion: """
            The file is checked, hashed and kept under its SHA-256. Where the file system allows, nothing is copied: \
            the store shares the file's blocks, or links to it. Do not edit such a file in place afterwards; with \
            --copy the store has a copy of its own.

            A model in parts (NAME-00001-of-00003.gguf) is taken in whole when one part is named. A folder stands for \
            the one model in it, with its projector (mmproj).

            Examples:
              roost import gemma-3-270m-Q4_K_M.gguf
              roost import ~/Downloads/model.gguf --name gemma3:270m
              roost import model.gguf --name gemma3 --replace
              roost import ~/models/big-model-00001-of-00003.gguf
              roost import ~/models/gemma3-vision/
            """
    )

    @Argument(help: "The .gguf file, or a folder with one model.", completion: .file(extensions: ["gguf"]))
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The model's name, such as gemma3:270m; made from the file's name when left out."))
    var name: String?

    @Flag(help: "Copy the file, also where it could be shared.")
    var copy = false

    @Flag(help: "Take the name from another model that has it.")
    var replace = false

    @Flag(help: "Print progress and result as JSON, one object a line.")
    var json = false

    func run() async throws {
        let manager = try await ModelManager()
        let url = URL(fileURLWithPath: (file as NSString).expandingTildeInPath)
        let report = TransferReport(isJSON: json)
        defer { report.finish() }
        let record = try await manager.importModel(
            at: url, as: name, linking: copy ? .copy : .automatic, replacing: replace, progress: report.update)
        report.finish()
        if json {
            try Console.output.printJSONLine(ImportedModel(model: record))
        } else {
            let facts = [HumanReadable.bytes(record.totalByteCount), record.architecture, record.quantization]
            Console.output.print(
                "Imported \(record.name.display) (\(facts.joined(separator: ", ").printable), \(record.digest.short)).")
        }
    }

    /// The last line of `--json`.
    private struct ImportedModel: Encodable {
        var status = "success"
        let model: ModelRecord
    }
}

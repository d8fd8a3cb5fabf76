import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost move`: moves the models to another folder.
struct MoveFolderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Move all models to another folder, for example on a larger disk.",
        discussion: """
            Models that come later go there as well. On the same file system nothing is copied; elsewhere each file is \
            copied and checked before its old copy goes. A move that was interrupted goes on when it is asked for \
            again. Settings and the database stay in ROOST_HOME. (“roost mv” renames a model.)

            Examples:
              roost move /mnt/disk/models
              roost move ~/.local/share/roost        back to the usual place
            """
    )

    @Argument(help: "The folder; it is created if it is missing.", completion: .directory)
    var folder: String

    @Flag(help: "Print progress and result as JSON, one object a line.")
    var json = false

    func run() async throws {
        let manager = try await ModelManager()
        let url = URL(fileURLWithPath: (folder as NSString).expandingTildeInPath, isDirectory: true)
        let report = TransferReport(isJSON: json, label: "moving")
        defer { report.finish() }
        let result = try await manager.store.move(to: url, progress: report.update)
        report.finish()
        if json {
            try Console.output.printJSONLine(Outcome(result: result))
        } else if result.contentCount > 0 || result.leftBehind.isEmpty {
            Console.output.print(Self.sentence(result))
        }
        if !result.leftBehind.isEmpty {
            let names = result.leftBehind.map(\.display).joined(separator: ", ")
            Console.error.print(
                "Left where they are, damaged or not there: \(names.printable); “roost verify” says what is wrong.")
            throw ExitStatus.failure.code
        }
    }

    private static func sentence(_ result: MoveResult) -> String {
        guard result.contentCount > 0 else { return "All models are in \(result.path.printable) already." }
        let files = "\(result.contentCount) file\(result.contentCount == 1 ? "" : "s")"
        let copied = result.copiedByteCount > 0 ? ", \(HumanReadable.bytes(result.copiedByteCount)) copied" : ""
        return "Moved \(files) of \(HumanReadable.bytes(result.byteCount)) to \(result.path.printable)\(copied)."
    }

    /// The last line of `--json`.
    private struct Outcome: Encodable {
        var status = "success"
        let result: MoveResult
    }
}

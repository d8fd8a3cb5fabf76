import ArgumentParser
import Foundation
import Roost
import Terminal

/// `roost history import`.
struct HistoryImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in conversations that were exported as JSON.",
        discussion: """
            Each becomes a conversation of its own, with its title and its times.

            Examples:
              roost history import owls.json
              roost history export 1 --format json | ssh other roost history import -
            """)

    @Argument(help: "The files; - is standard input.", completion: .file(extensions: ["json"]))
    var files: [String]

    @OptionGroup var options: HistoryOptions

    /// Pictures take a third more as text than they have bytes.
    private static let byteLimit: Int64 = 512 << 20

    func run() async throws {
        let history = try await options.history()
        for file in files {
            let kept = try await history.importConversation(try ConversationDocument(reading: try await data(of: file)))
            Console.output.print("\(kept.shortID)  \(kept.title.printable)")
        }
    }

    private func data(of file: String) async throws -> Data {
        if file == "-" { return Data(try await StandardInput.readAll(limit: Int(Self.byteLimit)).utf8) }
        let url = URL(fileURLWithPath: NSString(string: file).expandingTildeInPath)
        guard let values = try? url.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey]),
            values.isRegularFile == true, let byteCount = values.fileSize
        else { throw HistoryFileError.notRead(path: file) }
        guard byteCount <= Self.byteLimit else {
            throw HistoryFileError.tooLarge(path: file, byteCount: Int64(byteCount), limit: Self.byteLimit)
        }
        guard let data = try? Data(contentsOf: url) else { throw HistoryFileError.notRead(path: file) }
        return data
    }
}

import ArgumentParser
import Foundation
import Roost
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `roost history export`.
struct HistoryExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a kept conversation as Markdown or JSON.",
        discussion: """
            JSON has all of it, pictures too, and “roost history import” takes it in again.

            Examples:
              roost history export 1 > owls.md
              roost history export 3f2a91c4 -o owls.json
            """)

    @Argument(help: ConversationArgument.help, completion: ConversationArgument.completion)
    var conversation: String

    @Option(help: "markdown or json; what the output file's name ends with when left out, or else markdown.")
    var format: ExportFormat?

    @Option(name: .shortAndLong, help: "The file to make; standard output when left out.", completion: .file())
    var output: String?

    @OptionGroup var options: HistoryOptions

    func run() async throws {
        let history = try await options.history()
        let found = try await history.conversation(matching: conversation)
        let format = format ?? (output?.lowercased().hasSuffix(".json") == true ? .json : .markdown)
        guard let output else {
            for try await piece in history.export(found, as: format) { Console.output.write(piece) }
            return
        }
        let file = try NewFile(at: output)
        do {
            for try await piece in history.export(found, as: format) { try file.write(piece) }
            try file.close()
        } catch {
            file.remove()
            throw error
        }
        Console.error.print("Wrote “\(found.title.printable)” to \(output.printable).")
    }
}

extension ExportFormat: ExpressibleByArgument {}

/// A file that was not there, for this user only.
private struct NewFile {
    private let path: String
    private let handle: FileHandle

    init(at path: String) throws {
        self.path = path
        // The flags: a file that is there, also as a link, stays as it is.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw HistoryFileError.notMade(
                path: path, exists: errno == EEXIST, reason: String(cString: strerror(errno)))
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ text: String) throws {
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            throw HistoryFileError.notWritten(path: path)
        }
    }

    func close() throws {
        do {
            try handle.close()
        } catch {
            throw HistoryFileError.notWritten(path: path)
        }
    }

    func remove() { unlink(path) }
}

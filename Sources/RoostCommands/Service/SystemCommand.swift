import Foundation

/// A command of the operating system's.
enum SystemCommand {
    /// How it ended.
    enum Outcome: Sendable, Hashable {
        case succeeded
        case failed(String)
        /// This system does not have it.
        case missing
    }

    /// Runs it to its end; what it says on standard error is the reason of a failure.
    static func run(_ words: [String], searching path: String) -> Outcome {
        guard let name = words.first, let program = file(of: name, in: path) else { return .missing }
        let process = Process()
        process.executableURL = program
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        do {
            try process.run()
        } catch {
            return .failed(error.localizedDescription)
        }
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus == 0 { return .succeeded }
        let reason = said.split(separator: "\n").first.map(String.init) ?? "exit status \(process.terminationStatus)"
        return .failed(reason)
    }

    private static func file(of name: String, in path: String) -> URL? {
        path.split(separator: ":").map { URL(fileURLWithPath: String($0)).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}

import Foundation

/// What a program writes to its standard output.
enum ProgramOutput {
    static func of(_ program: URL, _ arguments: [String], isQuiet: Bool = false) throws -> Data {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        if isQuiet { process.standardError = FileHandle.nullDevice }
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return data
    }
}

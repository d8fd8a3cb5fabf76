import Dispatch
import Foundation
import Testing

/// `roost serve` on a free port.
final class ServedProgram: Sendable {
    private let process: Process
    private let output = Pipe()

    init(home: URL, environment: [String: String] = [:], port: String = "0", arguments: [String] = []) throws {
        process = try BuiltProgram(home: home).process(["serve", "--port", port] + arguments)
        process.environment?.merge(environment) { $1 }
        process.standardOutput = output
    }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Returns the address that it prints when it listens.
    func start() async throws -> String {
        try await BuiltProgram.onThread { [process, output] in
            try process.run()
            var line = Data()
            while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) {
                line += byte
            }
            let text = String(decoding: line, as: UTF8.self)
            let start = try #require(text.range(of: "http://"), "serve printed “\(text)”")
            return String(text[start.lowerBound...])
        }
    }

    /// Asks it to end, as an operating system does.
    func terminate() { process.terminate() }

    /// Waits for its end and returns its exit status.
    func status() async throws -> Int32 {
        try await BuiltProgram.onThread { [process] in
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    /// Ends it, whatever happened.
    func kill() {
        if process.isRunning { process.terminate() }
    }
}

import Foundation
import Testing

@testable import Downloads

/// A program that was built with the tests, and runs.
final class RunningProgram: Sendable {
    let pid: Int32
    private let gate = Gate()

    init(_ name: String, arguments: [String]) throws {
        let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let beside = tests ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let url = beside.deletingLastPathComponent().appendingPathComponent(name)
        try #require(FileManager.default.isExecutableFile(atPath: url.path), "no \(name) at \(url.path)")
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let gate = self.gate
        process.terminationHandler = { _ in gate.open() }
        try process.run()
        pid = process.processIdentifier
    }

    /// Returns when it has ended, by itself or killed.
    func end() async { try? await gate.wait() }
}

import FaultServer
import Foundation
import Security
import Testing

@testable import Downloads

/// A program that was built with the tests, and runs.
final class RunningProgram: Sendable {
    let pid: Int32
    private let process: Process
    private let outputURL: URL
    private let gate = Gate()

    /// Where a program that was built with the tests lies.
    static func path(_ name: String) throws -> String {
        let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let beside = tests ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let url = beside.deletingLastPathComponent().appendingPathComponent(name)
        try #require(FileManager.default.isExecutableFile(atPath: url.path), "no \(name) at \(url.path)")
        return url.path
    }

    /// Starts a program by its path; what it prints goes to a file in `folder`.
    init(path: String, arguments: [String], folder: URL) throws {
        outputURL = folder.appendingPathComponent("output-\(UUID().uuidString)")
        try Data().write(to: outputURL)
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: outputURL)
        let gate = self.gate
        process.terminationHandler = { _ in gate.open() }
        try process.run()
        pid = process.processIdentifier
    }

    /// Returns when it has ended, by itself or killed.
    func end() async { try? await gate.wait() }

    /// Waits for its end; its exit status.
    func status() async -> Int32 {
        await end()
        return process.terminationStatus
    }

    /// What it has printed.
    var output: String { (try? String(contentsOf: outputURL, encoding: .utf8)) ?? "" }
}

extension DownloadFixture {
    /// What the program for downloads is told to fetch this fixture's content.
    func programArguments(
        _ server: FaultServer, blockByteCount: Int = 16 << 10, journalByteCount: Int = 512 << 10,
        folder: URL? = nil, options: [String] = []
    ) -> [String] {
        [
            server.url().absoluteString, digest.description, "\(content.count)", (folder ?? self.folder).path,
            "\(blockByteCount)", "\(journalByteCount)",
        ] + options
    }

    /// Starts the program for downloads.
    func program(_ server: FaultServer, options: [String] = []) throws -> RunningProgram {
        try RunningProgram(
            path: RunningProgram.path("DownloadProgram"), arguments: programArguments(server, options: options),
            folder: folder)
    }
}

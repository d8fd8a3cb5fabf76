import Dispatch
import Foundation
import Testing

/// A program that was built with the tests, run as a user runs it.
struct BuiltProgram: Sendable {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    var url: URL
    let home: URL
    /// Added to the environment of the tests. Without an entry here the program stays off the network.
    var environment: [String: String] = [:]
    /// Threads that compute: several that wait for each other are slow when other tests run. `nil` leaves it to the program.
    var threadCount: Int? = 1

    /// `ROOST_BINARY`, or `roost` beside the tests, or another program there; its store is in `home`.
    init(_ name: String = "roost", home: URL) throws {
        self.home = home
        if name == "roost", let path = ProcessInfo.processInfo.environment["ROOST_BINARY"], !path.isEmpty {
            url = URL(fileURLWithPath: path)
        } else {
            let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
            let beside = tests ?? URL(fileURLWithPath: CommandLine.arguments[0])
            url = beside.deletingLastPathComponent().appendingPathComponent(name)
        }
        try #require(
            FileManager.default.isExecutableFile(atPath: url.path),
            "no \(name) at \(url.path); build it first")
    }

    /// A process that is not started, without input and with its output dropped.
    func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        var added = ["ROOST_HOME": home.path, "ROOST_OFFLINE": "1"]
        if let threadCount { added["ROOST_NUM_THREADS"] = "\(threadCount)" }
        process.environment = ProcessInfo.processInfo.environment.merging(added) { $1 }.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    /// Runs to the end and keeps what it wrote.
    func run(_ arguments: String...) async throws -> Outcome { try await run(arguments) }

    /// Runs to the end and keeps what it wrote.
    func run(_ arguments: [String]) async throws -> Outcome {
        try await Self.onThread {
            let process = process(arguments)
            let (output, errors) = (Pipe(), Pipe())
            process.standardOutput = output
            process.standardError = errors
            let collected = DispatchQueue(label: "roost.tests.errors")
            nonisolated(unsafe) var errorText = Data()  // sound: written before and read after the queue's sync
            try process.run()
            collected.async { errorText = errors.fileHandleForReading.readDataToEndOfFile() }
            let text = output.fileHandleForReading.readDataToEndOfFile()
            collected.sync {}
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
                errors: String(decoding: errorText, as: UTF8.self))
        }
    }

    /// Waiting for a process must not hold up the threads that tests run on.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "roost.tests.program").async { continuation.resume(with: Result { try body() }) }
        }
    }
}

import Foundation
import OffloadTrial
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Makes trials in processes of their own, so that their devices are not those of the other tests.
enum OffloadProcess {
    static let realModel = variable("ROOST_TEST_MODEL").map { URL(fileURLWithPath: $0) }

    /// Where the same programs lie, linked with an engine that can compute with Vulkan.
    static let vulkanPrograms = variable("ROOST_TEST_VULKAN_PROGRAMS").map { URL(fileURLWithPath: $0) }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A program that was built with these tests; or, where those are built with a sanitizer, the plain one.
    static func path(_ name: String) throws -> URL {
        let url: URL
        if let plain = variable("ROOST_TEST_PROGRAMS") {
            url = URL(fileURLWithPath: plain).appending(path: name)
        } else {
            let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
            let beside = tests ?? URL(fileURLWithPath: CommandLine.arguments[0])
            url = beside.deletingLastPathComponent().appendingPathComponent(name)
        }
        try #require(FileManager.default.isExecutableFile(atPath: url.path), "no \(name) at \(url.path)")
        return url
    }

    /// What came of a trial; made by `program` when it is not the one beside these tests.
    static func run(_ trial: OffloadTrial, program: URL? = nil) async throws -> OffloadOutcome {
        let program = try program ?? path("OffloadProgram")
        let data = try JSONEncoder().encode(trial)
        let running = Running()
        return try await withTaskCancellationHandler {
            let (output, status) = try await withCheckedThrowingContinuation { continuation in
                let thread = Thread { continuation.resume(with: Result { try running.run(program, input: data) }) }
                thread.start()
            }
            try #require(status == 0, "\(program.lastPathComponent) ended with \(status)")
            return try JSONDecoder().decode(OffloadOutcome.self, from: output)
        } onCancel: {
            running.end()
        }
    }

    private final class Running: Sendable {
        private let process = Process()

        func run(_ program: URL, input: Data) throws -> (output: Data, status: Int32) {
            let (question, answer) = (Pipe(), Pipe())
            process.executableURL = program
            process.arguments = ["run"]
            process.standardInput = question
            process.standardOutput = answer
            try process.run()
            // Smaller than a pipe, so that nobody has to read it first.
            try question.fileHandleForWriting.write(contentsOf: input)
            try question.fileHandleForWriting.close()
            let output = try answer.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (output, process.terminationStatus)
        }

        /// Its devices go with it.
        func end() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    }
}

import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@testable import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Workers as the product has them: another program, and a user without privileges where these tests are root.
struct ProcessFixture {
    static let realModel = ProcessInfo.processInfo.environment["ROOST_TEST_MODEL"].flatMap {
        $0.isEmpty ? nil : URL(fileURLWithPath: $0)
    }

    let program: WorkerProgram
    let folder: URL
    var launcher: WorkerLauncher { WorkerLauncher(program) }
    /// Waits as long as a machine with other work may need.
    var estimator: WorkerEstimator {
        var estimator = WorkerEstimator(program)
        estimator.timeLimit = .seconds(600)
        return estimator
    }

    init(_ arguments: [String] = ["worker", "test"], _ change: (inout WorkerProgram) -> Void = { _ in }) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "roost-workers-\(UUID().uuidString)")
        var program = WorkerProgram(
            executable: try Self.path("WorkerProgram"), version: "test", logFolder: folder.appending(path: "logs"))
        program.arguments = arguments
        if geteuid() == 0 { program.user = 65534 }
        // A worker waits for its turn beside other tests.
        program.silenceLimit = .seconds(120)
        program.unloadLimit = .seconds(120)
        change(&program)
        self.program = program
    }

    private static let plainPrograms = ProcessInfo.processInfo.environment["ROOST_TEST_PROGRAMS"].flatMap {
        $0.isEmpty ? nil : URL(fileURLWithPath: $0)
    }
    /// Whether these tests were built with a sanitizer.
    static var isSanitized: Bool { plainPrograms != nil }

    /// Where a program that was built with the tests lies; or, where those are built with a sanitizer, the plain one: a
    /// sanitizer's own system calls are among those that the sandbox forbids.
    static func path(_ name: String) throws -> URL {
        if let plainPrograms { return plainPrograms.appending(path: name) }
        let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let beside = tests ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let url = beside.deletingLastPathComponent().appendingPathComponent(name)
        try #require(FileManager.default.isExecutableFile(atPath: url.path), "no \(name) at \(url.path)")
        return url
    }

    func load(_ file: TinyModelFile, name: String = "tiny", contextLength: Int? = nil) async throws -> WorkerModel {
        try await launcher.start(ModelFileSet(file.url), name: name, options: Self.options(contextLength))
    }

    static func options(_ contextLength: Int? = nil) -> LoadOptions {
        var options = LoadOptions()
        options.contextLength = contextLength
        options.threadCount = 1
        return options
    }

    /// The lines of the log of a model.
    func log(_ name: String = "tiny") throws -> [String] {
        try WorkerLogFile(folder: folder.appending(path: "logs"), model: name).lines(last: nil).lines.map(\.text)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

extension GenerationRequest {
    /// Greedy tokens until the context is full.
    static func long(_ prompt: String = "Once upon a time", count: Int? = nil) -> GenerationRequest {
        GenerationRequest(.text(prompt, addSpecial: true), options: .fixed(count))
    }

    /// Greedy tokens without an end, however late somebody is to stop them.
    static func endless(_ prompt: String = "Once upon a time") -> GenerationRequest {
        var request = long(prompt)
        request.options.shiftsContext = true
        return request
    }
}

/// What a process is, as /proc tells it.
struct ProcessFacts {
    let pid: Int32

    /// A line of its status; `nil` when there is no process.
    func status(_ field: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix(field + ":") }
            .map { $0.dropFirst(field.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    /// Whether it is there and no zombie.
    var isAlive: Bool { status("State").map { !$0.hasPrefix("Z") } ?? false }
    /// Whether there is nothing of it, not even a zombie.
    var isGone: Bool { !FileManager.default.fileExists(atPath: "/proc/\(pid)") }

    /// Its open descriptors and what they are of.
    var descriptors: [Int: String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return names.reduce(into: [:]) { found, name in
            guard let number = Int(name) else { return }
            found[number] = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
        }
    }
}

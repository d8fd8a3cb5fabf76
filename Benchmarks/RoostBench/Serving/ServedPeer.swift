import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A server under measurement: how it is started, where it listens, how it is stopped.
protocol ServedPeer: AnyObject {
    var title: String { get }
    /// The model's name in requests.
    var modelName: String { get }
    var base: String { get }

    /// Starts it and returns when the model is in memory.
    func start() async throws
    /// Stops it in good order and waits for its end.
    func stop() async
    /// The time to the first token of one answer by a program that is started for it, in seconds.
    func firstAnswer(to prompt: String, tokenCount: Int) throws -> Double
}

/// What both servers are started with.
struct PeerSetup {
    let model: URL
    let workload: ServingWorkload
    let threadCount: Int
    /// Where homes and logs go.
    let folder: URL
    let port: Int

    init(model: URL, workload: ServingWorkload, threadCount: Int, folder: URL) throws {
        self.model = model
        self.workload = workload
        self.threadCount = threadCount
        self.folder = folder
        port = try FreePort.next()
    }

    var base: String { "http://127.0.0.1:\(port)" }
}

/// A server's process.
final class ServerProcess {
    private let process = Process()
    private let log: URL

    init(_ program: URL, _ arguments: [String], environment: [String: String] = [:], log: URL) throws {
        self.log = log
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw BenchError(description: "The file \(log.path) could not be made.")
        }
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        try process.run()
    }

    /// Asks for `url` until it answers 200.
    func waitUntilReady(at url: String) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            guard process.isRunning else {
                let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                throw BenchError(description: "\(process.executableURL?.path ?? "A server") ended: \(said.suffix(500))")
            }
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "Connection", value: "close")
            let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(5))
            if let response, response.status == .ok {
                _ = try? await response.body.collect(upTo: 1 << 20)
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw BenchError(description: "\(url) did not answer within two minutes; see \(log.path).")
    }

    /// Ends it: in good order, or with `force` at once, for servers that have nothing to save. (Children of a Swift task
    /// may start with SIGTERM blocked, which only some undo.)
    func stop(force: Bool = false) async {
        if force { kill(process.processIdentifier, SIGKILL) } else { process.terminate() }
        let deadline = ContinuousClock.now + .seconds(20)
        while process.isRunning {
            if ContinuousClock.now > deadline { kill(process.processIdentifier, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// The time from the start of a program until it writes something other than white space.
enum FirstOutput {
    static func time(
        of program: URL, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Double {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        var first: Double?
        while true {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            if first == nil, data.contains(where: { $0 > 0x20 }) { first = (ContinuousClock.now - start) / .seconds(1) }
        }
        process.waitUntilExit()
        guard let first, process.terminationStatus == 0 else {
            throw BenchError(description: "\(program.path) \(arguments.joined(separator: " ")) gave no answer.")
        }
        return first
    }
}

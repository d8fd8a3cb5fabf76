import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// `roost serve` and `roost run`, with a home of their own.
final class RoostPeer: ServedPeer {
    let title = "Roost"
    let modelName = "bench"
    var base: String { setup.base }
    /// Whether tokens are proposed ahead, as is usual.
    var speculates = true
    private let program: URL
    private let setup: PeerSetup
    private var process: ServerProcess?

    init(program: URL, _ setup: PeerSetup) {
        self.program = program
        self.setup = setup
    }

    private var home: URL { setup.folder.appendingPathComponent("home") }
    private var log: URL { setup.folder.appendingPathComponent("roost.log") }

    private var environment: [String: String] {
        [
            "ROOST_HOME": home.path, "ROOST_OFFLINE": "1",
            "ROOST_PARALLEL_REQUESTS": "\(setup.workload.parallel)",
            "ROOST_CONTEXT_LENGTH": "\(setup.workload.contextLength)",
            "ROOST_CACHE_TOKENS": "\(setup.workload.parallel * setup.workload.contextLength)",
            "ROOST_NUM_THREADS": "\(setup.threadCount)",
            "ROOST_KEEP_ALIVE": "-1",
            "ROOST_SPECULATION": speculates ? "1" : "0",
        ]
    }

    private func importModel() throws {
        let process = Process()
        process.executableURL = program
        process.arguments = ["import", setup.model.path, "--name", modelName]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError(description: "roost import \(setup.model.path) failed; run it by hand to see why.")
        }
    }

    private func importOnce() throws {
        if !FileManager.default.fileExists(atPath: home.path) { try importModel() }
    }

    func start() async throws {
        try importOnce()
        let process = try ServerProcess(
            program, ["serve", "--host", "127.0.0.1", "--port", "\(setup.port)"], environment: environment, log: log)
        self.process = process
        try await process.waitUntilReady(at: base + "/api/version")
        var load = HTTPClientRequest(url: base + "/api/generate")
        load.method = .POST
        load.body = .bytes(Data(#"{"model":"\#(modelName)","stream":false}"#.utf8))
        let response = try await HTTPClient.shared.execute(load, timeout: .seconds(120))
        let body = try await response.body.collect(upTo: 1 << 20)
        guard response.status == .ok else {
            throw BenchError(description: "Roost did not load the model: \(String(buffer: body))")
        }
    }

    func stop() async {
        await process?.stop()
        process = nil
    }

    func firstAnswer(to prompt: String, tokenCount: Int) throws -> Double {
        try importOnce()
        return try FirstOutput.time(
            of: program,
            ["run", modelName, "--raw", "--temperature", "0", "--max-tokens", "\(tokenCount)", prompt],
            environment: environment)
    }
}

import Foundation

/// llama.cpp's own server and completion program, of the same engine build.
final class LlamaServerPeer: ServedPeer {
    let title = "llama-server"
    let modelName = "model"
    let base: String
    private let tools: URL
    private let model: URL
    private let workload: ServingWorkload
    private let threadCount: Int
    private let port: Int
    private let log: URL
    private var process: ServerProcess?

    init(tools: URL, model: URL, workload: ServingWorkload, threadCount: Int, port: Int, folder: URL) {
        self.tools = tools
        self.model = model
        self.workload = workload
        self.threadCount = threadCount
        self.port = port
        base = "http://127.0.0.1:\(port)"
        log = folder.appendingPathComponent("llama-server.log")
    }

    func start() async throws {
        let process = try ServerProcess(
            tools.appendingPathComponent("llama-server"),
            [
                "-m", model.path, "-t", "\(threadCount)", "-np", "\(workload.parallel)",
                "-c", "\(workload.parallel * workload.contextLength)", "-ngl", "0", "--host", "127.0.0.1",
                "--port", "\(port)",
            ], log: log)
        self.process = process
        try await process.waitUntilReady(at: base + "/health")
    }

    func stop() async {
        await process?.stop(force: true)
        process = nil
    }

    func firstAnswer(to prompt: String, tokenCount: Int) throws -> Double {
        try FirstOutput.time(
            of: tools.appendingPathComponent("llama-completion"),
            [
                "-m", model.path, "-t", "\(threadCount)", "-c", "\(workload.contextLength)", "-n", "\(tokenCount)",
                "--temp", "0", "-ngl", "0", "-no-cnv", "--no-display-prompt", "-p", prompt,
            ])
    }
}

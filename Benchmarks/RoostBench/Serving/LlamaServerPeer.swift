import Foundation

/// llama.cpp's own server and completion program, of the same engine build.
final class LlamaServerPeer: ServedPeer {
    let title = "llama-server"
    let modelName = "model"
    var base: String { setup.base }
    private let tools: URL
    private let setup: PeerSetup
    private var process: ServerProcess?

    init(tools: URL, _ setup: PeerSetup) {
        self.tools = tools
        self.setup = setup
    }

    func start() async throws {
        let process = try ServerProcess(
            tools.appendingPathComponent("llama-server"),
            [
                "-m", setup.model.path, "-t", "\(setup.threadCount)", "-np", "\(setup.workload.parallel)",
                "-c", "\(setup.workload.parallel * setup.workload.contextLength)", "-ngl", "0", "--host", "127.0.0.1",
                "--port", "\(setup.port)",
            ], log: setup.folder.appendingPathComponent("llama-server.log"))
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
                "-m", setup.model.path, "-t", "\(setup.threadCount)", "-c", "\(setup.workload.contextLength)", "-n",
                "\(tokenCount)",
                "--temp", "0", "-ngl", "0", "-no-cnv", "--no-display-prompt", "-p", prompt,
            ])
    }
}

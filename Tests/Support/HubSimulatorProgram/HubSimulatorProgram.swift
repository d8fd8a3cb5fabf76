import ArgumentParser
import Foundation
import HubSimulator

/// Serves a folder as the Hugging Face Hub would, and models as Ollama's registry would, on this machine.
@main
struct HubSimulatorProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub-simulator",
        abstract: "Serve models on this machine by Hugging Face's and Ollama's protocols.",
        discussion: """
            Prints “hub ADDRESS” (and “storage ADDRESS” with --cdn) when it is ready, and runs until it is ended.
            Set HF_ENDPOINT to the hub's address; the registry is below /v2/ of the same address.
            """)

    @Option(help: "A folder of repositories: owner/name/files.")
    var repositories: String?

    @Option(help: "An Ollama models folder: manifests and blobs.")
    var ollamaModels: String?

    @Option(name: .customLong("ollama"), help: "A file of the registry: [namespace/]model[:tag]=FILE. Repeatable.")
    var ollamaFiles: [String] = []

    @Option(name: .customLong("private"), help: "A repository that only the token sees. Repeatable.")
    var privateRepositories: [String] = []

    @Option(name: .customLong("gated"), help: "A repository whose files only the token may read. Repeatable.")
    var gatedRepositories: [String] = []

    @Option(help: "The token for private and gated repositories.")
    var token: String?

    @Option(help: "The hub's port; a free one without it.")
    var port = 0

    @Flag(help: "Send the bytes from signed addresses of a second port, as the hub's storage does.")
    var cdn = false

    @Option(help: "The second port; a free one without it.")
    var cdnPort = 0

    @Option(help: "Seconds for which a signed address is good.")
    var linkSeconds = 3600

    @Option(help: "Milliseconds between a request and its answer.")
    var latency = 0

    @Option(help: "Bytes per second on one connection.")
    var rate: Int64?

    @Option(help: "Reset a connection after so many bytes.")
    var resetEvery: Int64?

    func validate() throws {
        guard repositories != nil || ollamaModels != nil || !ollamaFiles.isEmpty else {
            throw ValidationError("Nothing to serve; give --repositories, --ollama-models or --ollama.")
        }
        guard (0...65535).contains(port), (0...65535).contains(cdnPort) else {
            throw ValidationError("A port is 0 to 65535.")
        }
        guard linkSeconds >= 0, latency >= 0, rate ?? 1 > 0, resetEvery ?? 1 > 0 else {
            throw ValidationError("Times are not negative; rates and byte counts are over 0.")
        }
        for pair in ollamaFiles where !pair.contains("=") {
            throw ValidationError("--ollama \(pair): write model=FILE.")
        }
    }

    func run() async throws {
        var settings = HubServer.Settings()
        settings.repositories = repositories
        settings.ollamaModels = ollamaModels
        settings.ollamaFiles = ollamaFiles.map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts.first ?? "", parts.count == 2 ? parts[1] : "")
        }
        settings.privateRepositories = Set(privateRepositories)
        settings.gatedRepositories = Set(gatedRepositories)
        settings.token = token
        settings.port = port
        settings.hasStorage = cdn
        settings.storagePort = cdnPort
        settings.linkLifetime = linkSeconds
        settings.shape.latency = .milliseconds(latency)
        settings.shape.bytesPerSecond = rate
        settings.shape.resetEvery = resetEvery
        do {
            try await HubServer.run(settings) { server in
                var lines = ["hub \(server.hub.address)"]
                if let storage = server.storage { lines.append("storage \(storage.address)") }
                lines += server.repositories.map { "repository \($0)" } + server.models.map { "model \($0)" }
                // A reader of a pipe waits for these lines, the hub's first.
                try FileHandle.standardOutput.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
                while true { try await Task.sleep(for: .seconds(86_400)) }
            }
        } catch let error as SimulatorError {
            throw ValidationError(error.description)
        }
    }
}

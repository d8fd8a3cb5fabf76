import Foundation
import HubSimulator
import ModelFixtures
import ModelStore
import Testing

/// The Python packages `ollama`, `openai`, `anthropic`, LangChain's and LiteLLM, and Open WebUI's requests, against
/// `roost serve` with a real model: a gemma3 base model at `ROOST_TEST_MODEL`. The first two packages are in the Python
/// at `ROOST_TEST_PYTHON`, the others in that at `ROOST_TEST_PYTHON_ADAPTERS`. A model that recites a call of a function
/// stands in for one that was trained to, and a registry on loopback for Ollama's.
@Suite(.serialized, .enabled(if: PythonSettings.environment != nil, "ROOST_TEST_MODEL and ROOST_TEST_PYTHON not set"))
struct PythonClientTests {
    private static let modelName = "gemma3:270m"
    private static let embedderName = "minilm:latest"
    /// What only the registry has that the server is told of.
    private static let remoteName = "smallest:1b"
    /// Tokens of the prompts that the reciting model answers.
    private static let speakerLength = 1500
    private static let toolCall =
        #"<tool_call>\#n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\#n</tool_call>"#

    @Test(arguments: ["test_ollama.py", "test_ollama_models.py", "test_openai.py", "test_openwebui.py"])
    func `clients work unchanged`(script: String) async throws {
        let settings = try #require(PythonSettings.environment)
        try await serve(script, python: settings.python, settings)
    }

    @Test(
        .enabled(if: PythonSettings.environment?.adapters != nil, "ROOST_TEST_PYTHON_ADAPTERS not set"),
        arguments: ["test_anthropic.py", "test_langchain.py", "test_litellm.py"])
    func `adapters work unchanged`(script: String) async throws {
        let settings = try #require(PythonSettings.environment)
        try await serve(script, python: try #require(settings.adapters), settings)
    }

    @Test(.enabled(if: PythonSettings.environment?.llamaServer != nil, "ROOST_ENGINE_TOOLS not set"))
    func `answers are llama-server's, but for what is meant to differ`() async throws {
        let settings = try #require(PythonSettings.environment)
        try await serve("test_llama_server.py", python: settings.python, settings)
    }

    private func serve(_ script: String, python: String, _ settings: PythonSettings) async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-python-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let store = try await ModelStore(root: home)
        _ = try await store.importFile(
            at: URL(fileURLWithPath: settings.model), as: ModelName(parsing: Self.modelName))
        let speaker = TinyModel.saying(
            Self.toolCall, afterPromptOf: Self.speakerLength, chatTemplate: TinyModel.toolTemplate)
        let talker = TinyModel.qwen2(chatTemplate: TinyModel.toolTemplate, contextLength: 4096)
        func file(_ name: String) -> URL { home.appending(path: "\(name).gguf") }
        for (name, model) in [("speaker", speaker), ("talker", talker), ("spare", TinyModel.llama())] {
            let file = file(name)
            try model.write(to: file)
            _ = try await store.importFile(at: file, as: ModelName(parsing: name))
        }
        if let embedder = settings.embedder {
            _ = try await store.importFile(
                at: URL(fileURLWithPath: embedder), as: ModelName(parsing: Self.embedderName))
        }
        let remote = file("remote")
        try TinyModel.llama(chatTemplate: TinyModel.chatML).write(to: remote)
        var hub = HubServer.Settings()
        hub.ollamaFiles = [(Self.remoteName, remote.path)]
        hub.hasStorage = true
        try await HubServer.run(hub) { hub in
            try await Self.serve(script, python: python, settings, home: home, hub: hub.hub.address)
        }
    }

    private static func serve(
        _ script: String, python: String, _ settings: PythonSettings, home: URL, hub: String
    ) async throws {
        func file(_ name: String) -> String { home.appending(path: "\(name).gguf").path }
        let server = try ServedProgram(
            home: home,
            environment: [
                "ROOST_CONTEXT_LENGTH": "32768", "ROOST_OFFLINE": "0", "HF_ENDPOINT": hub,
                "ROOST_OLLAMA_REGISTRY": hub,
            ])
        defer { server.kill() }
        let address = try await server.start()
        let client = try await run(
            python, script,
            environment: [
                "ROOST_TEST_URL": address, "ROOST_TEST_MODEL_NAME": modelName,
                "ROOST_TEST_SPEAKER": "speaker:latest", "ROOST_TEST_SPEAKER_LENGTH": "\(speakerLength)",
                "ROOST_TEST_EMBEDDER": settings.embedder == nil ? "" : embedderName,
                "ROOST_TEST_LLAMA_SERVER": settings.llamaServer ?? "", "ROOST_TEST_REAL": settings.model,
                "ROOST_TEST_REAL_NAME": modelName, "ROOST_TEST_TALKER": file("talker"),
                "ROOST_TEST_TALKER_NAME": "talker:latest", "ROOST_TEST_REMOTE": remoteName,
                "ROOST_TEST_SPEAKER_FILE": file("speaker"),
                // What would be downloaded while a test runs fails instead.
                "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",
                "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1",
            ])
        #expect(client.status == 0, "\(script): \(client.output)")
        server.terminate()
        #expect(try await server.status() == 0)
        let record = home.appending(path: "run/roost.json").path
        #expect(!FileManager.default.fileExists(atPath: record))
    }

    private static func run(
        _ python: String, _ script: String, environment: [String: String]
    ) async throws -> (status: Int32, output: String) {
        try await BuiltProgram.onThread {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "python")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = ["-B", folder.appending(path: script).path]
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: text, as: UTF8.self))
        }
    }
}

private struct PythonSettings {
    let model: String
    let python: String
    /// Python with the packages of `adapters.txt`.
    let adapters: String?
    /// A model that makes vectors of 384 values.
    let embedder: String?
    /// The program of the engine's own.
    let llamaServer: String?

    static var environment: PythonSettings? {
        let environment = ProcessInfo.processInfo.environment
        guard let model = environment["ROOST_TEST_MODEL"], let python = environment["ROOST_TEST_PYTHON"],
            !model.isEmpty, !python.isEmpty
        else { return nil }
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        return PythonSettings(
            model: model, python: python, adapters: value("ROOST_TEST_PYTHON_ADAPTERS"),
            embedder: value("ROOST_TEST_EMBEDDING_MODEL"),
            llamaServer: value("ROOST_ENGINE_TOOLS").map { $0 + "/llama-server" })
    }
}

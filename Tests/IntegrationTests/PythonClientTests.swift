import Foundation
import ModelStore
import Testing

/// The Python packages `ollama` and `openai` against `roost serve` with a real model: a gemma3 base model at
/// `ROOST_TEST_MODEL`, and a Python that has the packages at `ROOST_TEST_PYTHON`.
@Suite(.serialized, .enabled(if: PythonSettings.environment != nil, "ROOST_TEST_MODEL and ROOST_TEST_PYTHON not set"))
struct PythonClientTests {
    private static let modelName = "gemma3:270m"

    @Test(arguments: ["test_ollama.py", "test_openai.py"])
    func `clients work unchanged`(script: String) async throws {
        let settings = try #require(PythonSettings.environment)
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-python-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let store = try await ModelStore(root: home)
        _ = try await store.importFile(
            at: URL(fileURLWithPath: settings.model), as: ModelName(parsing: Self.modelName))
        let server = try ServedProgram(home: home, environment: ["ROOST_CONTEXT_LENGTH": "32768"])
        defer { server.kill() }
        let address = try await server.start()
        let client = try await Self.run(
            settings.python, script,
            environment: ["ROOST_TEST_URL": address, "ROOST_TEST_MODEL_NAME": Self.modelName])
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

    static var environment: PythonSettings? {
        let environment = ProcessInfo.processInfo.environment
        guard let model = environment["ROOST_TEST_MODEL"], let python = environment["ROOST_TEST_PYTHON"],
            !model.isEmpty, !python.isEmpty
        else { return nil }
        return PythonSettings(model: model, python: python)
    }
}

import Foundation
import ModelFixtures
import ModelStore
import Testing

/// Roost's OpenAPI document and the server's answers, judged by the Python packages `openapi-spec-validator` and
/// `schemathesis` in the Python at `ROOST_TEST_PYTHON_SCHEMATHESIS`. The server is off the network.
@Suite(.enabled(if: SchemathesisSettings.python != nil, "ROOST_TEST_PYTHON_SCHEMATHESIS not set"))
struct SchemathesisTests {
    @Test func `answers are what the document says, whatever is asked`() async throws {
        let python = try #require(SchemathesisSettings.python)
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-schema-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let store = try await ModelStore(root: home)
        let base = home.appending(path: "base.gguf")
        try TinyModel.llama(contextLength: 512).write(to: base)
        let talker = home.appending(path: "talker.gguf")
        try TinyModel.llama(chatTemplate: TinyModel.chatML, contextLength: 512, seed: 7).write(to: talker)
        let names = ["kept", "hf.co/user/repo:Q8_0"] + (0..<8).map { "spare\($0)" }
        for name in names { _ = try await store.importFile(at: base, as: ModelName(parsing: name)) }
        _ = try await store.importFile(at: talker, as: ModelName(parsing: "talker"))
        let server = try ServedProgram(home: home, environment: ["ROOST_OFFLINE": "1", "ROOST_CONTEXT_LENGTH": "256"])
        defer { server.kill() }
        let address = try await server.start()
        let outcome = try await Self.run(python, address: address)
        #expect(outcome.status == 0, "\(outcome.output.suffix(12_000))")
        server.terminate()
        #expect(try await server.status() == 0)
    }

    private static func run(_ python: String, address: String) async throws -> (status: Int32, output: String) {
        try await BuiltProgram.onThread {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "python")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = ["-B", folder.appending(path: "test_schemathesis.py").path]
            process.environment = ProcessInfo.processInfo.environment.merging(["ROOST_TEST_URL": address]) { $1 }
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

private enum SchemathesisSettings {
    static let python = ProcessInfo.processInfo.environment["ROOST_TEST_PYTHON_SCHEMATHESIS"].flatMap {
        $0.isEmpty ? nil : $0
    }
}

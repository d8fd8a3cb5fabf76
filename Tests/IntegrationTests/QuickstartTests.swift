import Foundation
import ModelFixtures
import Testing

@Suite("The example program")
struct QuickstartTests {
    private func run(_ arguments: [String]) async throws -> BuiltProgram.Outcome {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-quickstart-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        return try await BuiltProgram("Quickstart", home: home).run(arguments)
    }

    @Test("It imports, lists, generates, streams and chats")
    func chats() async throws {
        let model = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        let outcome = try await run([model.url.path, "Hello"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        for part in ["quickstart:latest: llama F", "generate: Hello", "stream: ", "chat: "] {
            #expect(lines.contains { $0.hasPrefix(part) }, "\(part) in \(outcome.output)")
        }
        #expect(outcome.output.contains("tokens/s)"))
    }

    @Test("It says what a base model is, and what is wrong with a file")
    func explains() async throws {
        let base = try TinyModelFile(.qwen2())
        #expect(try await run([base.url.path]).output.contains("is a base model without a chat template"))
        let missing = try await run(["/nowhere/model.gguf"])
        #expect(missing.status == 1)
        #expect(missing.output.contains("/nowhere/model.gguf"))
    }
}

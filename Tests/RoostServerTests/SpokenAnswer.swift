import Foundation
import ModelFixtures
import NIOHTTP1
import Roost

/// A model in a test's server that gives one answer, to a prompt of one length.
struct SpokenAnswer: Sendable {
    static let model = "speaker:latest"
    static let promptTokenCount = 800

    /// Called with the city and the unit that the tests ask for.
    static let toolCall = #"<tool_call>\#n{"name": "weather", "arguments": {"city": "Oslo", "days": 2}}\#n</tool_call>"#
    /// The tool in the form of each dialect.
    static let schema = #"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}"#

    /// Puts the model that says `text` into the store of `server`.
    static func make(_ text: String, in server: TestServer) async throws {
        let file = server.home.appending(path: "speaker.gguf")
        try TinyModel.saying(text, afterPromptOf: promptTokenCount, chatTemplate: TinyModel.toolTemplate).write(
            to: file)
        _ = try await server.manager.importModel(at: file, as: model, replacing: true)
    }

    /// The body of a request that `body` makes of what is put before the user's words, brought to the model's length
    /// by the count of tokens that `path` answers with.
    static func body(
        of server: TestServer, countedBy path: String, _ body: (_ padding: String) -> String
    ) async throws -> String {
        let short = try await server.send(.POST, path, body("")).json
        guard let count = short.int("input_tokens"), count <= promptTokenCount else {
            throw TestServerError.notAnObject("no count of tokens that leaves room for more")
        }
        return body(String(repeating: "~", count: promptTokenCount - count))
    }
}

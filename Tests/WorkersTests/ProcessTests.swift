import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@testable import Workers

@Suite("A model in a worker", .serialized)
struct ProcessTests {
    @Test("gives the tokens that it gives in this process", arguments: ["llama", "qwen2", "gemma3"])
    func sameTokens(architecture: String) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let models: [String: TinyModel] = ["llama": .llama(), "qwen2": .qwen2(), "gemma3": .gemma3()]
        let file = try TinyModelFile(try #require(models[architecture]))
        let (here, there) = (try await file.load(), try await fixture.load(file))
        #expect(there.info.architecture == here.info.architecture)
        #expect(there.info.path == file.url.path)
        #expect(there.memory == here.memory)
        let expected = try await here.generate(.long(count: 40)).outcome()
        let answer = try await there.generate(.long(count: 40)).outcome()
        #expect(answer.result.tokens == expected.result.tokens)
        #expect(answer.streamed == expected.streamed)
        #expect(answer.result.text == answer.streamed)
        await there.unload()
        await here.unload()
    }
}

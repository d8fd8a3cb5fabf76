import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@Suite("A model in parts")
struct SplitModelTests {
    @Test("answers as it does in one file, whatever its files are called")
    func sameAnswer() async throws {
        let whole = TinyModel.llama(chatTemplate: TinyModel.chatML)
        let parts = try whole.parts(3).map { try TinyModelFile($0) }
        #expect(parts.count == 3)
        var options = LoadOptions()
        options.threadCount = 1
        let split = try await LoadedModel.load(ModelFileSet(weights: parts.map(\.url)), options: options)
        let single = try await TinyModelFile(whole).load()
        let expected = try await single.generate("Once upon a time", options: .fixed(24)).outcome()
        let answer = try await split.generate("Once upon a time", options: .fixed(24)).outcome()
        #expect(answer.result.text == expected.result.text)
        #expect(!answer.result.text.isEmpty)
        await split.unload()
        await single.unload()
    }

    @Test("is refused when a part is missing or in the wrong place")
    func wrongParts() async throws {
        let parts = try TinyModel.llama().parts(3).map { try TinyModelFile($0) }
        for order in [[0, 1], [0, 2, 1], [1, 0, 2], []] {
            await #expect(throws: InferenceError.self, "\(order)") {
                _ = try await LoadedModel.load(ModelFileSet(weights: order.map { parts[$0].url }))
            }
        }
    }

    @Test("and a template beside the weights is used in the place of theirs")
    func ownTemplate() async throws {
        let file = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        let template = "{%- for message in messages -%}[{{ message['content'] }}]{%- endfor -%}"
        let loaded = try await LoadedModel.load(ModelFileSet(weights: [file.url], chatTemplate: template))
        #expect(try await loaded.prompt(for: [ChatMessage(role: .user, content: "Hello")]) == "[Hello]")
        await loaded.unload()
    }
}

import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@Suite("Types of the KV cache and flash attention")
struct CacheTypeTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let key: KVCacheType
        let value: KVCacheType
        let attention: FlashAttention
        var testDescription: String { "\(key)/\(value), flash attention \(attention)" }
        /// As llama-server is told.
        var arguments: [String] { ["-ctk", key.rawValue, "-ctv", value.rawValue, "-fa", attention.rawValue] }
    }

    static let settings = [
        Setting(key: .q8_0, value: .q8_0, attention: .on), Setting(key: .q4_0, value: .q4_0, attention: .on),
        Setting(key: .q8_0, value: .q4_0, attention: .auto), Setting(key: .q8_0, value: .f16, attention: .off),
        Setting(key: .f16, value: .f16, attention: .on), Setting(key: .f16, value: .f16, attention: .off),
        Setting(key: .f32, value: .f32, attention: .off), Setting(key: .bf16, value: .bf16, attention: .on),
    ]

    @Test("Greedy tokens are llama-server's", .enabled(if: TestEnvironment.tools != nil), arguments: settings)
    func equal(_ setting: Setting) async throws {
        let prompt = "the light of the world is what they said about it"
        let file = try TinyModelFile(.llama())
        let server = try await PeerServer(model: file.url, ["-c", "512"] + setting.arguments)
        let theirs = try await server.tokens(prompt, count: 48)
        let model = try await LoadedModel.load(at: file.url, options: Self.options(setting))
        #expect(try await model.generate(prompt, options: .fixed(48)).outcome().result.tokens == theirs)
        await model.unload()
    }

    @Test("A smaller type takes less memory")
    func memory() async throws {
        let file = try TinyModelFile(.llama(contextLength: 4096))
        var sizes: [Int64] = []
        for type in [KVCacheType.q4_0, .q8_0, .f16, .f32] {
            let setting = Setting(key: type, value: type, attention: type == .f32 ? .off : .on)
            let model = try await LoadedModel.load(at: file.url, options: Self.options(setting, contextLength: 4096))
            sizes.append(model.memory.contextByteCount)
            await model.unload()
        }
        #expect(sizes == sizes.sorted() && Set(sizes).count == 4)
    }

    private static func options(_ setting: Setting, contextLength: Int = 512) -> LoadOptions {
        var options = LoadOptions()
        options.threadCount = 1
        options.contextLength = contextLength
        options.keyCacheType = setting.key
        options.valueCacheType = setting.value
        options.flashAttention = setting.attention
        return options
    }
}

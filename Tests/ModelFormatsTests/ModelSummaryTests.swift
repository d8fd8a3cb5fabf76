import Foundation
import ModelFixtures
import ModelFormats
import Testing

@Suite("Model summary")
struct ModelSummaryTests {
    private func summary(_ model: TinyModel) throws -> ModelSummary {
        ModelSummary(header: try #require(try GGUFReader.wholeHeader(of: model.bytes())))
    }

    @Test("It says what the header says")
    func facts() throws {
        let summary = try summary(.llama(chatTemplate: TinyModel.chatML, contextLength: 256))
        #expect(summary.architecture == "llama")
        #expect(summary.title == "Tiny Llama")
        #expect(summary.license == "apache-2.0")
        #expect(summary.quantization == "F16")
        #expect(summary.contextLength == 256)
        #expect(summary.embeddingLength == 64)
        #expect(summary.blockCount == 2)
        #expect(summary.headCount == 2)
        #expect(summary.headCountKV == 1)
        #expect(summary.tokenizer == "llama")
        #expect(summary.chatTemplate == TinyModel.chatML)
        let vocabulary = try #require(summary.vocabularyCount)
        // Input and output embedding; per layer 2 norms, Q, K, V, O and three feed-forward matrices; the last norm.
        let layer = 2 * 64 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128
        #expect(summary.parameterCount == Int64(2 * vocabulary * 64 + 2 * layer + 64))
    }

    @Test("Capabilities follow from template, vocabulary and pooling")
    func capabilities() throws {
        #expect(try summary(.llama()).capabilities == [.completion])
        #expect(try summary(.llama(chatTemplate: TinyModel.chatML)).capabilities == [.completion, .chat])
        #expect(try summary(.qwen2()).capabilities == [.completion, .insert])
        #expect(try summary(.mamba()).capabilities == [.completion, .insert])
        #expect(try summary(.bert()).capabilities == [.embedding])
        let template = "{% if tools %}{{ tools }}{% endif %}{% if enable_thinking %}<think>{% endif %}"
        #expect(
            try summary(.gemma3(chatTemplate: template)).capabilities == [.completion, .chat, .tools, .thinking])
        var reranker = TinyModel.bert()
        reranker["bert.pooling_type"] = .uint32(4)
        #expect(try summary(reranker).capabilities.isEmpty)
        var embedder = TinyModel.qwen2()
        embedder["qwen2.pooling_type"] = .uint32(3)
        #expect(try summary(embedder).capabilities == [.completion, .insert, .embedding])
    }

    @Test("The quantization is the file's own name for it, else its commonest type")
    func quantization() throws {
        var model = TinyModel.llama()
        model["general.file_type"] = .uint32(15)
        #expect(try summary(model).quantization == "Q4_K_M")
        model["general.file_type"] = .uint32(999)
        #expect(try summary(model).quantization == "F16")
        model["general.file_type"] = nil
        #expect(try summary(model).quantization == "F16")
    }

    @Test("Facts of an unexpected type are left out")
    func unexpectedTypes() throws {
        var model = TinyModel.llama()
        model["general.architecture"] = .uint32(3)
        model["general.name"] = .array(GGUFArray(["a"]))
        let summary = try summary(model)
        #expect(summary.architecture == "unknown")
        #expect(summary.title == nil)
        #expect(summary.contextLength == nil)
        #expect(summary.capabilities.isEmpty)
    }

    @Test("Experts are counted")
    func experts() throws {
        #expect(try summary(.qwen2moe()).expertCount == 4)
        #expect(try summary(.qwen2()).expertCount == nil)
    }
}

import EngineFixtures
import Inference
import ModelFixtures
import ModelFormats
import Testing

@Suite("Embedding")
struct EmbeddingTests {
    private static func load(
        _ model: TinyModel, microBatchSize: Int = 512, contextLength: Int? = nil
    ) async throws -> LoadedModel {
        var options = LoadOptions()
        options.threadCount = 1
        options.microBatchSize = microBatchSize
        options.contextLength = contextLength
        let file = try TinyModelFile(model)
        return try await LoadedModel.load(at: file.url, options: options)
    }

    /// Texts of very different lengths.
    private static let texts = (0..<150).map { number in
        (0...(number * 7 % 23)).map { ["light", "of", "the", "world", "water"][($0 + number) % 5] }.joined(
            separator: " ")
    }

    @Test(
        "Many texts at once have the vectors that each has alone, in the order of the request",
        arguments: ["bert", "llama", "mamba"], [EmbeddingRequest.Pooling.mean, .last])
    func batches(architecture: String, pooling: EmbeddingRequest.Pooling) async throws {
        let tiny = try #require(TinyModel.all.first { $0["general.architecture"] == .string(architecture) })
        let model = try await Self.load(tiny, microBatchSize: 64)
        var request = EmbeddingRequest(Self.texts.map { .text($0) })
        request.pooling = pooling
        let together = try await model.embed(request)
        for (index, text) in Self.texts.enumerated() where index % 7 == 0 {
            request.inputs = [.text(text)]
            let alone = try await model.embed(request)
            #expect(cosine(together.vectors[index][0], alone.vectors[0][0]) > 0.9999)
            #expect(together.tokenCounts[index] == alone.tokenCounts[0])
        }
        await model.unload()
    }

    @Test("Without a choice it is the pooling that the model was made for, else the mean")
    func defaultPooling() async throws {
        var made = TinyModel.bert()
        made["bert.pooling_type"] = .uint32(2)
        var unsaid = TinyModel.bert()
        unsaid["bert.pooling_type"] = nil
        for (tiny, pooling) in [(made, EmbeddingRequest.Pooling.cls), (unsaid, .mean), (TinyModel.llama(), .mean)] {
            let model = try await Self.load(tiny)
            var request = EmbeddingRequest([.text("the light of the world")])
            let chosen = try await model.embed(request)
            request.pooling = pooling
            #expect(try await model.embed(request) == chosen)
            request.pooling = .last
            #expect(try await model.embed(request) != chosen)
            await model.unload()
        }
    }

    @Test("Vectors have the length 1 unless asked otherwise, also when they are cut")
    func scaling() async throws {
        let model = try await Self.load(.bert())
        var request = EmbeddingRequest([.text("hello"), .text("water and light")])
        func lengths(_ result: EmbeddingResult) -> [Double] {
            result.vectors.map { $0[0].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
        }
        #expect(lengths(try await model.embed(request)).allSatisfy { abs($0 - 1) < 1e-5 })
        request.normalization = .none
        let whole = try await model.embed(request)
        #expect(lengths(whole).allSatisfy { abs($0 - 1) > 0.1 })
        request.dimensionCount = 16
        #expect(try await model.embed(request).vectors == whole.vectors.map { [Array($0[0].prefix(16))] })
        request.normalization = .euclidean
        let cut = try await model.embed(request)
        #expect(cut.vectors.allSatisfy { $0[0].count == 16 })
        #expect(lengths(cut).allSatisfy { abs($0 - 1) < 1e-5 })
        await model.unload()
    }

    @Test("A text that is too long is refused by its number, or cut so that its end mark stays")
    func tooLong() async throws {
        let model = try await Self.load(.bert(contextLength: 32))
        let long = Array(repeating: "water", count: 100).joined(separator: " ")
        var request = EmbeddingRequest([.text("short"), .text(long)])
        await #expect(throws: InferenceError.inputTooLong(index: 1, tokenCount: 102, limit: 32)) {
            try await model.embed(request)
        }
        request.truncates = true
        let result = try await model.embed(request)
        #expect(result.tokenCounts == [result.tokenCounts[0], 32])
        // [CLS], 30 words, [SEP].
        let same = EmbeddingRequest([.text(Array(repeating: "water", count: 30).joined(separator: " "))])
        let expected = try await model.embed(same)
        #expect(expected.tokenCounts == [32])
        #expect(cosine(result.vectors[1][0], expected.vectors[0][0]) > 0.99999)
        await model.unload()
    }

    @Test(
        "A long text has the same vector of its last token in small batches and in one",
        arguments: ["llama", "mamba", "bert"])
    func pieces(architecture: String) async throws {
        let text = Array(repeating: "the light of the world", count: architecture == "bert" ? 24 : 60)
            .joined(separator: " ")
        var request = EmbeddingRequest([.text(text)])
        request.pooling = .last
        var results: [EmbeddingResult] = []
        for size in [64, 512] {
            let tiny = try #require(TinyModel.all.first { $0["general.architecture"] == .string(architecture) })
            let model = try await Self.load(tiny, microBatchSize: size)
            results.append(try await model.embed(request))
            await model.unload()
        }
        #expect(results[0].tokenCounts[0] > 100)
        #expect(cosine(results[0].vectors[0][0], results[1].vectors[0][0]) > 0.9999)
    }

    @Test("A long text after short ones is computed whole by a model that pools over all tokens")
    func growing() async throws {
        let model = try await Self.load(.llama(), microBatchSize: 32)
        var request = EmbeddingRequest([.text("hello")])
        request.pooling = .mean
        let short = try await model.embed(request)
        let text = Array(repeating: "the light of the world", count: 60).joined(separator: " ")
        request.inputs = [.text(text), .text("hello")]
        let result = try await model.embed(request)
        #expect(cosine(result.vectors[1][0], short.vectors[0][0]) > 0.9999)
        let whole = try await Self.load(.llama())
        #expect(cosine(try await whole.embed(request).vectors[0][0], result.vectors[0][0]) > 0.9999)
        await model.unload()
        await whole.unload()
    }

    @Test("What cannot be embedded is refused by name")
    func refusals() async throws {
        let model = try await Self.load(.bert())
        func refusal(_ change: (inout EmbeddingRequest) -> Void) async -> InferenceError? {
            var request = EmbeddingRequest([.text("hello")])
            change(&request)
            do {
                _ = try await model.embed(request)
                return nil
            } catch { return error as? InferenceError }
        }
        func name(_ error: InferenceError?) -> String? {
            if case .invalidOption(let name, _, _) = error { name } else { nil }
        }
        #expect(name(await refusal { $0.inputs = [] }) == "input")
        #expect(await refusal { $0.inputs = [.tokens([])] } == .emptyPrompt)
        #expect(name(await refusal { $0.inputs = [.tokens([-1])] }) == "input token")
        #expect(name(await refusal { $0.inputs = [.tokens([.max])] }) == "input token")
        #expect(name(await refusal { $0.dimensionCount = 0 }) == "dimensions")
        #expect(name(await refusal { $0.dimensionCount = 65 }) == "dimensions")
        #expect(name(await refusal { $0.tenantWeight = .nan }) == "tenant weight")
        await #expect(throws: InferenceError.notAReranker(architecture: "bert")) {
            try await model.rerank(RerankRequest(query: "hello", documents: ["world"]))
        }
        await model.unload()
        #expect(await refusal { _ in } == .unloaded)
    }

    @Test("A reranker refuses a pair that is too long, and no documents")
    func rerankRefusals() async throws {
        let model = try await Self.load(.bert(contextLength: 32, ranks: true))
        let long = Array(repeating: "water", count: 100).joined(separator: " ")
        await #expect(throws: InferenceError.inputTooLong(index: 1, tokenCount: 103, limit: 32)) {
            try await model.rerank(RerankRequest(query: "light", documents: ["water", long]))
        }
        await #expect(throws: InferenceError.self) {
            try await model.rerank(RerankRequest(query: "light", documents: []))
        }
        await model.unload()
    }

    @Test("A cancelled request ends between two batches, and the model goes on")
    func cancellation() async throws {
        let model = try await Self.load(.bert(), microBatchSize: 32)
        let request = EmbeddingRequest(Array(repeating: .text("the light of the world and the water"), count: 20_000))
        let task = Task {
            while true {
                _ = try await model.embed(request)
                // Else it went on to its end.
                try #require(!Task.isCancelled)
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await model.embed(EmbeddingRequest([.text("hello")])).vectors.count == 1)
        await model.unload()
    }

    @Test("A model generates and embeds by turns")
    func both() async throws {
        let model = try await Self.load(.llama())
        let before = try await model.generate("Hello", options: .fixed(16)).outcome().result.tokens
        _ = try await model.embed(EmbeddingRequest([.text("hello world")]))
        #expect(try await model.generate("Hello", options: .fixed(16)).outcome().result.tokens == before)
        await model.unload()
    }
}

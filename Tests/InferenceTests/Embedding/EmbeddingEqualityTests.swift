import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Testing

/// The same texts through llama.cpp's own server and through Roost.
@Suite("Vectors against llama-server", .serialized, .enabled(if: TestEnvironment.tools != nil))
struct EmbeddingEqualityTests {
    static let texts = [
        "hello world", "the light of the model", "water", "one two three, and many other words about all of them",
        "He said: \"what is it?\" (twice)", "you can have this one or that one, but not all of them",
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let model: TinyModel
        let pooling: EmbeddingRequest.Pooling
        var testDescription: String { "\(name), \(pooling)" }
    }

    static let cases =
        EmbeddingRequest.Pooling.allCases.flatMap { pooling in
            [
                Case(name: "BERT", model: .bert(), pooling: pooling),
                Case(name: "Llama", model: .llama(), pooling: pooling),
            ]
        } + [
            Case(name: "Gemma 3", model: .gemma3(), pooling: .mean),
            Case(name: "Mamba", model: .mamba(), pooling: .last),
        ]

    @Test("Each pooling gives what llama-server gives", arguments: cases)
    func equal(_ test: Case) async throws {
        struct Body: Encodable { var content: [String] }
        struct Answer: Decodable {
            var index: Int
            var embedding: [[Float]]
        }
        let file = try TinyModelFile(test.model)
        let server = try await PeerServer(model: file.url, ["--embedding", "--pooling", test.pooling.rawValue])
        let theirs = try await server.post("/embedding", Body(content: Self.texts), as: [Answer].self)
            .sorted { $0.index < $1.index }
        let model = try await file.load()
        var request = EmbeddingRequest(Self.texts.map { .text($0) })
        request.pooling = test.pooling
        let ours = try await model.embed(request)
        await model.unload()

        try #require(theirs.count == Self.texts.count)
        for (index, answer) in theirs.enumerated() {
            try #require(ours.vectors[index].count == answer.embedding.count)
            #expect(answer.embedding.count == (test.pooling == .none ? ours.tokenCounts[index] : 1))
            for (a, b) in zip(ours.vectors[index], answer.embedding) { #expect(cosine(a, b) >= 0.99999) }
        }
    }

    @Test("A reranker's scores are llama-server's, with its own template and without", arguments: [false, true])
    func rerank(hasTemplate: Bool) async throws {
        struct Body: Encodable {
            var query: String
            var documents: [String]
        }
        struct Answer: Decodable {
            struct Result: Decodable {
                var index: Int
                var score: Float

                enum CodingKeys: String, CodingKey {
                    case index
                    case score = "relevance_score"
                }
            }
            var results: [Result]
        }
        var tiny = TinyModel.bert(ranks: true)
        if hasTemplate {
            tiny["tokenizer.chat_template.rerank"] = .string("is {query} in {document}? yes or no")
            tiny["tokenizer.chat_templates"] = .array(GGUFArray(["rerank"]))
        }
        let file = try TinyModelFile(tiny)
        let server = try await PeerServer(model: file.url, ["--reranking"])
        let query = "what is light?"
        let theirs = try await server.post("/rerank", Body(query: query, documents: Self.texts), as: Answer.self)
        let model = try await file.load()
        // llama-server computes them one by one.
        var alone: [Float] = []
        for text in Self.texts {
            alone += try await model.rerank(RerankRequest(query: query, documents: [text])).scores
        }
        let together = try await model.rerank(RerankRequest(query: query, documents: Self.texts)).scores
        await model.unload()

        try #require(theirs.results.count == Self.texts.count)
        for result in theirs.results {
            #expect(abs(alone[result.index] - result.score) < 1e-6)
            // In a batch attention adds up half-precision numbers in another order.
            #expect(abs(together[result.index] - result.score) < 0.005)
        }
        let order = Self.texts.indices.sorted { alone[$0] > alone[$1] }
        #expect(Self.texts.indices.sorted { together[$0] > together[$1] } == order)
        #expect(Set(alone).count == Self.texts.count)
    }
}

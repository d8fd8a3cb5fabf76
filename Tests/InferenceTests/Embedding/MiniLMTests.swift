import Foundation
import Inference
import Testing

/// The real all-MiniLM-L6-v2 against vectors that NumPy computed from the same weights.
@Suite("all-MiniLM-L6-v2", .enabled(if: TestEnvironment.embeddingModel != nil))
struct MiniLMTests {
    /// Sentences, and the vector that each should have.
    private static func reference() throws -> (sentences: [String], vectors: [[Float]]) {
        let folder = try #require(TestEnvironment.embeddingModel).deletingLastPathComponent()
        let text = try String(contentsOf: folder.appending(path: "sentences.txt"), encoding: .utf8)
        let sentences = text.split(separator: "\n").map(String.init)
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "reference.f32")))
        let values = bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
        let length = values.count / sentences.count
        return (sentences, sentences.indices.map { Array(values[$0 * length..<($0 + 1) * length]) })
    }

    @Test("100 sentences have the vectors that NumPy computes, alone and batched")
    func vectors() async throws {
        let (sentences, expected) = try Self.reference()
        try #require(sentences.count == 100)
        try #require(expected.allSatisfy { $0.count == 384 })
        var options = LoadOptions()
        options.threadCount = 1
        let model = try await LoadedModel.load(at: try #require(TestEnvironment.embeddingModel), options: options)
        let batched = try await model.embed(EmbeddingRequest(sentences.map { .text($0) })).vectors
        var alone: [[[Float]]] = []
        for sentence in sentences { alone += try await model.embed(EmbeddingRequest([.text(sentence)])).vectors }
        for (name, vectors) in [("batched", batched), ("alone", alone)] {
            try #require(vectors.allSatisfy { $0.count == 1 })
            let cosines = zip(vectors, expected).map { cosine($0[0], $1) }.sorted()
            print("MiniLM \(name): least cosine \(cosines[0]), median \(cosines[50])")
            for (index, pair) in zip(vectors, expected).enumerated() {
                #expect(cosine(pair.0[0], pair.1) >= 0.999, "\(name): \(sentences[index])")
            }
        }
        await model.unload()
    }

    @Test("Sentences that say the same are nearer to each other than to others")
    func meaning() async throws {
        let model = try await LoadedModel.load(at: try #require(TestEnvironment.embeddingModel))
        let texts = [
            "How do I reset my password?", "I forgot my password and need a new one.",
            "The recipe needs two eggs and a pinch of salt.",
        ]
        let vectors = try await model.embed(EmbeddingRequest(texts.map { .text($0) })).vectors.map { $0[0] }
        #expect(cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.3)
        await model.unload()
    }
}

/// The cosine of the angle between two vectors; of none when one is zero.
func cosine(_ a: [Float], _ b: [Float]) -> Double {
    func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    guard a.count == b.count else { return .nan }
    return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
}

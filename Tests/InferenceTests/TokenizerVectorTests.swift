import Foundation
import Inference
import Testing

@Suite("The tokenizer against the engine's own vectors", .enabled(if: TestEnvironment.source != nil))
struct TokenizerVectorTests {
    private static var models: URL? { TestEnvironment.source?.appending(path: "models") }

    /// Vocabulary files that come with texts (`.inp`) and their tokens (`.out`).
    static let vocabularies: [String] = {
        guard let models else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: models.path)) ?? []
        return names.filter { $0.hasSuffix(".gguf") && names.contains($0 + ".inp") && names.contains($0 + ".out") }
            .sorted()
    }()

    @Test("There are vectors to compare with")
    func present() { #expect(Self.vocabularies.count >= 15) }

    @Test("Tokens are those of the vectors", arguments: vocabularies)
    func vectors(name: String) async throws {
        let file = try #require(Self.models).appending(path: name)
        let tokenizer = try await Tokenizer.load(at: file)
        // Read as bytes: String joins "\r" and "\n" into one character, and the vectors hold both.
        let input = try Data(contentsOf: URL(fileURLWithPath: file.path + ".inp"))
        let texts = Self.split(input, at: Data("\n__ggml_vocab_test__\n".utf8))
        let output = try String(contentsOf: URL(fileURLWithPath: file.path + ".out"), encoding: .utf8)
        var lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true, lines.count > texts.count { lines.removeLast() }
        try #require(lines.count == texts.count)
        #expect(texts.count > 40)
        for (text, line) in zip(texts, lines) {
            let expected = line.split(separator: " ").compactMap { Int32($0) }
            let text = String(decoding: text, as: UTF8.self)
            #expect(try tokenizer.tokenize(text, addSpecial: false) == expected, "\(text.debugDescription)")
        }
    }

    private static func split(_ data: Data, at separator: Data) -> [Data] {
        var parts: [Data] = []
        var start = data.startIndex
        while let range = data.range(of: separator, in: start..<data.endIndex) {
            parts.append(data[start..<range.lowerBound])
            start = range.upperBound
        }
        parts.append(data[start...])
        return parts
    }
}

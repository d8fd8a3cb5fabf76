import EngineFixtures
import Foundation
import ModelFixtures
import ModelFormats
import Testing

@testable import Inference

@Suite("Infill")
struct InfillTests {
    /// A model, and how its vocabulary marks a gap.
    struct Subject: Sendable, CustomTestStringConvertible {
        var name: String
        var model: TinyModel
        /// Prefix, suffix, middle.
        var marks: [Int32]
        /// At the beginning of every text.
        var begin: [Int32] = []

        var testDescription: String { name }

        static let all: [Subject] = {
            let qwen = TinyModel.qwen2(contextLength: 4096)
            let marks = ["pre", "suf", "mid"].map { qwen["tokenizer.ggml.fim_\($0)_token_id"] ?? .uint32(0) }
            let numbers = marks.map { if case .uint32(let mark) = $0 { Int32(mark) } else { Int32(-1) } }
            // Marks of a repository and of a file in it: control tokens that this vocabulary has for something else.
            var repository = qwen
            repository["tokenizer.ggml.fim_rep_token_id"] = repository["tokenizer.ggml.bos_token_id"]
            repository["tokenizer.ggml.fim_sep_token_id"] = .uint32(UInt32(max(2, numbers[0]) - 2))
            // Pieces with a space before the first word, and a token at the beginning of a text.
            var llama = TinyModel.llama(contextLength: 4096)
            for (name, token) in [("pre", 3), ("suf", 4), ("mid", 20)] {
                llama["tokenizer.ggml.fim_\(name)_token_id"] = .uint32(UInt32(token))
            }
            return [
                Subject(name: "byte pairs", model: qwen, marks: numbers),
                Subject(name: "with files", model: repository, marks: numbers),
                Subject(name: "SentencePiece", model: llama, marks: [3, 4, 20], begin: [1]),
            ]
        }()
    }

    private static let before = "func add(a, b) {\n    // <|fim_middle|> is text here\n    return "
    private static let after = "\n}\n\nadd(1, 2)\n"

    @Test(
        "The prompt is prefix, suffix and middle mark, in this order, with what is written already",
        arguments: Subject.all)
    func order(subject: Subject) throws {
        let harness = try SchedulerHarness(subject.model) { $0.contextLength = 4096 }
        func tokens(_ text: String) throws -> [Int32] {
            try #require(harness.model.tokenize(text, addSpecial: false, parseSpecial: false))
        }
        var infill = InfillPrompt(prefix: Self.before, suffix: Self.after)
        infill.prompt = "the sum"
        let prepared = try harness.prepared(GenerationRequest(.infill(infill), options: .fixed(16)))
        guard case .tokens(let prompt) = try #require(prepared.pieces.first) else {
            Issue.record("no text")
            return
        }
        let gap =
            try subject.begin + [subject.marks[0]] + tokens(Self.before) + tokens("the sum") + [subject.marks[1]]
            + tokens(Self.after) + [subject.marks[2]]
        #expect(Array(prompt.suffix(gap.count)) == gap)
        #expect(prompt.count == gap.count || subject.name == "with files")
    }

    @Test(
        "Prompt and greedy tokens are llama-server's", .enabled(if: TestEnvironment.tools != nil),
        arguments: Subject.all)
    func equal(subject: Subject) async throws {
        let file = try TinyModelFile(subject.model)
        let server = try await PeerServer(
            model: file.url, ["-c", "4096", "-b", "2048", "--no-warmup", "--cache-ram", "0"])
        let model = try await file.load(contextLength: 4096)
        var infills = [InfillPrompt(prefix: Self.before, suffix: Self.after)]
        infills.append(infills[0])
        infills[1].prompt = "the sum of"
        infills.append(infills[1])
        infills[2].extra = [
            InfillPrompt.ExtraFile(name: "Other.swift", text: "let other = \"of the world\"\n"),
            InfillPrompt.ExtraFile(name: "grün.swift", text: "let water = 2\n"),
        ]
        infills.append(InfillPrompt(prefix: "", suffix: ""))
        for (number, infill) in infills.enumerated() {
            let theirs = try await server.post("/infill", InfillBody(infill), as: InfillAnswer.self)
            let ours = try await model.generate(GenerationRequest(.infill(infill), options: .fixed(24))).outcome()
                .result
            #expect(ours.promptTokenCount == theirs.promptTokenCount, "\(number)")
            #expect(ours.tokens == theirs.tokens, "\(number)")
            #expect(ours.text == theirs.content, "\(number)")
            #expect(ours.tokens.count == 24)
        }
        await model.unload()
    }

    @Test(
        "A model whose vocabulary lacks a mark refuses, in one sentence",
        arguments: [["pre", "suf", "mid"], ["pre"], ["suf"], ["mid"]])
    func refused(missing: [String]) async throws {
        var tiny = TinyModel.llama()
        for (name, token) in [("pre", 3), ("suf", 4), ("mid", 20)] where !missing.contains(name) {
            tiny["tokenizer.ggml.fim_\(name)_token_id"] = .uint32(UInt32(token))
        }
        let model = try await TinyModelFile(tiny).load()
        let infill = InfillPrompt(prefix: Self.before, suffix: Self.after)
        let error = await #expect(throws: InferenceError.self) {
            _ = try await model.generate(GenerationRequest(.infill(infill), options: .fixed(4))).outcome()
        }
        #expect(error == .noInfill(model: model.info.name))
        let sentence = error?.description ?? ""
        #expect(sentence.hasPrefix(model.info.name) && sentence.hasSuffix(".") && !sentence.contains("\n"))
        #expect(sentence.contains("fill-in-the-middle"))
        await model.unload()
    }
}

private struct InfillBody: Encodable {
    struct Extra: Encodable {
        var filename: String
        var text: String
    }

    var prefix: String
    var suffix: String
    var prompt: String
    var extra: [Extra]
    var count = 24
    var temperature = 0
    var ignoresEnd = true
    var cachesPrompt = false
    var returnsTokens = true

    init(_ infill: InfillPrompt) {
        prefix = infill.prefix
        suffix = infill.suffix
        prompt = infill.prompt
        extra = infill.extra.map { Extra(filename: $0.name, text: $0.text) }
    }

    enum CodingKeys: String, CodingKey {
        case prompt, temperature
        case prefix = "input_prefix"
        case suffix = "input_suffix"
        case extra = "input_extra"
        case count = "n_predict"
        case ignoresEnd = "ignore_eos"
        case cachesPrompt = "cache_prompt"
        case returnsTokens = "return_tokens"
    }
}

private struct InfillAnswer: Decodable {
    var content: String
    var tokens: [Int32]
    var promptTokenCount: Int

    enum CodingKeys: String, CodingKey {
        case content, tokens
        case promptTokenCount = "tokens_evaluated"
    }
}

import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@Suite("Generation with tiny models")
struct GenerationTests {
    static let generative: [TinyModel] = [.llama(), .qwen2(), .qwen2moe(), .gemma3(), .mamba()]

    @Test("Every architecture generates; the streamed text is the result's", arguments: generative.indices)
    func generates(index: Int) async throws {
        let model = try await TinyModelFile(Self.generative[index]).load()
        let (result, streamed) = try await model.generate("Hello world", options: .fixed(24)).outcome()
        #expect(result.tokens.count == 24)
        #expect(result.completionTokenCount == 24)
        #expect(result.finishReason == .length)
        #expect(streamed == result.text)
        #expect(result.promptTokenCount == (try await model.tokenize("Hello world").count))
        #expect(result.timeToFirstToken != nil)
        await model.unload()
    }

    @Test(
        "Greedy output is the same again, from a cached prompt and after other prompts", arguments: generative.indices)
    func repeatable(index: Int) async throws {
        let model = try await TinyModelFile(Self.generative[index]).load()
        let prompt = "One two three four five six seven eight nine ten eleven twelve"
        let first = try await model.generate(prompt, options: .fixed(16)).outcome().result
        let second = try await model.generate(prompt, options: .fixed(16)).outcome().result
        _ = try await model.generate("Something else", options: .fixed(5)).outcome()
        let third = try await model.generate(prompt, options: .fixed(16)).outcome().result
        #expect(second.tokens == first.tokens)
        #expect(third.tokens == first.tokens)
        #expect(first.cachedPromptTokenCount == 0)
        await model.unload()
    }

    @Test("A prompt that goes on from the last one computes only what is new")
    func reuse() async throws {
        let model = try await TinyModelFile(.llama()).load()
        let prompt = try await model.tokenize("One two three four five six seven eight nine ten eleven twelve")
        let first = try await model.generate(tokens: prompt, options: .fixed(8)).outcome().result
        let longer = prompt + first.tokens + [prompt[3]]
        let next = try await model.generate(tokens: longer, options: .fixed(8)).outcome().result
        // The last generated token was never computed.
        #expect(next.cachedPromptTokenCount == prompt.count + 7)

        let fresh = try await TinyModelFile(.llama()).load()
        #expect(try await fresh.generate(tokens: longer, options: .fixed(8)).outcome().result.tokens == next.tokens)
        await model.unload()
        await fresh.unload()
    }

    @Test("A seed repeats the answer, another one changes it, and a drawn one is reported")
    func seeds() async throws {
        let model = try await TinyModelFile(.llama()).load()
        var options = GenerationOptions.fixed(32)
        options.temperature = 1.5
        options.seed = 7
        let first = try await model.generate("abc", options: options).outcome().result
        let again = try await model.generate("abc", options: options).outcome().result
        #expect(again.tokens == first.tokens)
        options.seed = 8
        #expect(try await model.generate("abc", options: options).outcome().result.tokens != first.tokens)
        options.seed = nil
        let drawn = try await model.generate("abc", options: options).outcome().result
        options.seed = drawn.seed
        #expect(try await model.generate("abc", options: options).outcome().result.tokens == drawn.tokens)
        await model.unload()
    }

    @Test("The answer ends before a stop string, wherever in the answer it lies")
    func stops() async throws {
        let model = try await TinyModelFile(.llama()).load()
        let whole = try await model.generate("Hello", options: .fixed(40)).outcome().result.text
        let scalars = Array(whole)
        for start in stride(from: 1, to: scalars.count - 4, by: 3) {
            let stop = String(scalars[start..<start + 4])
            guard !stop.contains("\u{FFFD}"), let range = whole.range(of: stop) else { continue }
            var options = GenerationOptions.fixed(40)
            options.stop = ["never there", stop]
            let (result, streamed) = try await model.generate("Hello", options: options).outcome()
            #expect(result.text == String(whole[..<range.lowerBound]))
            #expect(streamed == result.text)
            #expect(result.finishReason == .stop)
            #expect(result.stopString == stop)
        }
        await model.unload()
    }

    @Test("No token is generated when none may be")
    func nothing() async throws {
        let model = try await TinyModelFile(.llama()).load()
        let result = try await model.generate("Hello", options: .fixed(0)).outcome().result
        #expect(result.tokens.isEmpty)
        #expect(result.finishReason == .length)
        #expect(result.timeToFirstToken == nil)
        await model.unload()
    }

    @Test("Generation ends when the context is full")
    func fullContext() async throws {
        let model = try await TinyModelFile(.llama()).load(contextLength: 64)
        let result = try await model.generate("Hello", options: .fixed(nil)).outcome().result
        #expect(result.finishReason == .length)
        // Every place in the context is taken; the last token needs none.
        #expect(result.promptTokenCount + result.completionTokenCount == 65)
        await model.unload()
    }

    @Test("A logit bias forbids a token, a grammar decides the text")
    func biasAndGrammar() async throws {
        let model = try await TinyModelFile(.llama()).load()
        let first = try await model.generate("Hello", options: .fixed(8)).outcome().result.tokens
        var options = GenerationOptions.fixed(8)
        options.logitBias = [first[0]: -.infinity]
        #expect(try await !model.generate("Hello", options: options).outcome().result.tokens.contains(first[0]))

        options = .greedy
        options.format = .grammar(#"root ::= "yes" | "no""#)
        for temperature in [Float(0), 1] {
            options.temperature = temperature
            let text = try await model.generate("Hello", options: options).outcome().result.text
            #expect(["yes", "no"].contains(text))
        }
        await model.unload()
    }

    @Test("A repetition penalty leaves fewer repetitions than none")
    func penalties() async throws {
        let model = try await TinyModelFile(.llama()).load()
        var options = GenerationOptions.fixed(60)
        let plain = Set(try await model.generate("Hello", options: options).outcome().result.tokens).count
        options.frequencyPenalty = 2
        options.penaltyLastN = -1
        let varied = Set(try await model.generate("Hello", options: options).outcome().result.tokens).count
        #expect(varied > plain)
        await model.unload()
    }

    @Test("Every sampler runs, and a strict one takes the most likely token", arguments: samplers.indices)
    func sampler(index: Int) async throws {
        let model = try await TinyModelFile(.gemma3()).load()
        var options = GenerationOptions.fixed(12)
        options.temperature = 0.8
        options.seed = 1
        Self.samplers[index].change(&options)
        let result = try await model.generate("Hello there", options: options).outcome().result
        #expect(result.tokens.count == 12)
        if Self.samplers[index].isGreedy {
            #expect(
                try await model.generate("Hello there", options: .fixed(12)).outcome().result.tokens == result.tokens)
        }
        await model.unload()
    }

    struct SamplerCase: Sendable {
        let isGreedy: Bool
        let change: @Sendable (inout GenerationOptions) -> Void
    }

    static let samplers: [SamplerCase] = [
        .init(isGreedy: true) { $0.topK = 1 },
        .init(isGreedy: true) { $0.topP = 0 },
        .init(isGreedy: true) { $0.minP = 1 },
        .init(isGreedy: true) { ($0.topK, $0.topP) = (0, 0) },
        .init(isGreedy: false) { $0.topK = 0 },
        .init(isGreedy: false) { $0.typicalP = 0.5 },
        .init(isGreedy: false) { ($0.xtcProbability, $0.xtcThreshold) = (1, 0.01) },
        .init(isGreedy: false) { ($0.dynamicTemperatureRange, $0.dynamicTemperatureExponent) = (0.5, 2) },
        .init(isGreedy: false) { $0.mirostat = 1 },
        .init(isGreedy: false) { $0.mirostat = 2 },
        .init(isGreedy: false) { $0.dryMultiplier = 0.8 },
        .init(isGreedy: false) { ($0.repeatPenalty, $0.presencePenalty) = (1.3, 0.5) },
    ]

    @Test("A conversation is written by the model's own template")
    func chat() async throws {
        let model = try await TinyModelFile(.llama(chatTemplate: TinyModel.chatML)).load()
        #expect(model.info.hasChatTemplate)
        let prompt = try await model.prompt(for: [.system("Be brief."), .user("Hi “there”\nü")])
        let expected =
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi “there”\nü<|im_end|>\n"
            + "<|im_start|>assistant\n"
        #expect(prompt == expected)
        let chatted = try await model.chat([.user("Hi")], options: .fixed(8)).outcome().result
        let written = try await model.generate(try await model.prompt(for: [.user("Hi")]), options: .fixed(8)).outcome()
            .result
        #expect(chatted.tokens == written.tokens)
        await model.unload()
    }
}

import EngineFixtures
import Inference
import ModelFixtures
import Testing

@Suite("Generation with speculation")
struct SpeculationModelTests {
    /// Text that repeats itself, so that there is something to look up.
    private static let prompt = String(repeating: "the light of the world is the water that you have. ", count: 6)
    /// Batches of different sizes go through different kernels, which round differently.
    private static let roundingGap: Float = 0.02

    @Test(
        "Greedy output is the same with speculation as without, up to choices that rounding decides",
        arguments: [TinyModel.llama(), .qwen2(), .qwen2moe(), .gemma3(), .mamba()].indices)
    func greedy(index: Int) async throws {
        let file = try TinyModelFile([TinyModel.llama(), .qwen2(), .qwen2moe(), .gemma3(), .mamba()][index])
        let plain = try await tokens(file, speculates: false)
        let speculated = try await tokens(file, speculates: true)
        #expect(plain.count == 200)
        #expect(speculated.count == 200)
        let same = zip(plain, speculated).prefix { $0.chosen.token == $1.chosen.token }.count
        guard same < min(plain.count, speculated.count) else { return }
        // The first that differs: both were as likely, within what rounding does.
        let other = plain[same].top.first { $0.token == speculated[same].chosen.token }
        let gap = plain[same].chosen.logProbability - (try #require(other).logProbability)
        #expect(gap < Self.roundingGap, "token \(same)")
    }

    private func tokens(_ file: TinyModelFile, speculates: Bool) async throws -> [TokenLogProbability] {
        let model = try await file.load(contextLength: 1024) { $0.speculation = speculates }
        var options = GenerationOptions.fixed(200)
        options.allowsSpeculation = true
        options.topLogProbabilityCount = 3
        var tokens: [TokenLogProbability] = []
        for try await event in model.generate(Self.prompt, options: options) {
            if case .delta(let delta) = event { tokens += delta.logProbabilities }
        }
        await model.unload()
        return tokens
    }
}

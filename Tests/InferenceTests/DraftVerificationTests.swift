import Foundation
import ModelFixtures
import Testing

@testable import Inference

@Suite("Drafts change no output")
struct DraftVerificationTests {
    private static let prompt: [Int32] = [1, 300, 310, 320, 330, 300, 310, 320, 330, 300, 310]
    private static let sampleCount = 3000

    /// How often each answer of three tokens came, of `count` with seeds from `firstSeed` on.
    private func frequencies(
        _ loop: VerificationLoop, firstSeed: UInt32, count: Int = sampleCount,
        rule: VerificationLoop.Rule = .sampleAndCompare,
        propose: ([Int32]) -> [Int32] = { _ in [] }
    ) throws -> (counts: [[Int32]: Int], drafted: Int, accepted: Int) {
        var result = (counts: [[Int32]: Int](), drafted: 0, accepted: 0)
        for seed in 0..<UInt32(count) {
            let sampler = SeededSampler(topK: 4, seed: firstSeed + seed)
            let run = try loop.run(Self.prompt, count: 3, rule: rule, sample: sampler.sample, propose: propose)
            result.counts[run.tokens, default: 0] += 1
            result.drafted += run.draftedCount
            result.accepted += run.acceptedCount
        }
        return result
    }

    /// Pearson's statistic of two samples of the same size for being of one distribution, as a normal deviate (the
    /// cube root of χ²/n is nearly normal; Wilson and Hilferty 1931). Cells with few observations are joined.
    private func deviate(_ first: [[Int32]: Int], _ second: [[Int32]: Int]) -> Double {
        var cells: [(Double, Double)] = []
        var rest = (0.0, 0.0)
        for answer in Set(first.keys).union(second.keys) {
            let cell = (Double(first[answer] ?? 0), Double(second[answer] ?? 0))
            if cell.0 + cell.1 >= 10 { cells.append(cell) } else { rest = (rest.0 + cell.0, rest.1 + cell.1) }
        }
        if rest.0 + rest.1 > 0 { cells.append(rest) }
        let statistic = cells.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / ($1.0 + $1.1) }
        let freedom = Double(cells.count - 1)
        let part = 2 / (9 * freedom)
        return (pow(statistic / freedom, 1.0 / 3) - (1 - part)) / part.squareRoot()
    }

    @Test(
        "The frequencies of sampled answers are the same with drafts (chi-square), and the test would see a difference")
    func distribution() throws {
        let loop = try VerificationLoop(VerificationLoop.load(.llama()), contextLength: 256)
        let plain = try frequencies(loop, firstSeed: 1)
        // The commonest continuations: right often enough to be accepted, wrong often enough to be refused.
        func commonest(after beginning: [Int32]) -> [Int32] {
            let likely = plain.counts.filter { $0.key.starts(with: beginning) }.max {
                ($0.value, $1.key[2]) < ($1.value, $0.key[2])
            }
            return likely.map { Array($0.key[beginning.count...]) } ?? []
        }
        let drafted = try frequencies(loop, firstSeed: 100_001, propose: commonest)
        #expect(drafted.accepted > Self.sampleCount / 10)
        #expect(drafted.accepted < drafted.drafted * 9 / 10)
        #expect(plain.counts.count > 20)
        // Once in 10 000 for another choice of seeds.
        #expect(deviate(plain.counts, drafted.counts) < 3.72)

        // Two plain samples, and drafts that are believed, which is what this test is there to see.
        let again = try frequencies(loop, firstSeed: 200_001)
        #expect(deviate(plain.counts, again.counts) < 3.72)
        let believed = try frequencies(loop, firstSeed: 300_001, rule: .believe, propose: commonest)
        #expect(deviate(plain.counts, believed.counts) > 20)
    }

    @Test("With one seed the very same tokens are sampled with drafts and without")
    func sameSeed() throws {
        let loop = try VerificationLoop(VerificationLoop.load(.llama()), contextLength: 512)
        var accepted = 0
        for seed in UInt32(1)...10 {
            let plain = try loop.run(Self.prompt, count: 60, sample: SeededSampler(topK: 2, seed: seed).sample)
            // Right ones, and from the fifth on wrong ones.
            let drafted = try loop.run(
                Self.prompt, count: 60, sample: SeededSampler(topK: 2, seed: seed).sample,
                propose: { known in Array(plain.tokens.dropFirst(known.count).prefix(5)) + [7, 8, 9] })
            #expect(drafted.tokens == plain.tokens, "seed \(seed)")
            accepted += drafted.acceptedCount
        }
        #expect(accepted > 300)
    }

    @Test(
        "Greedy output is the same with n-gram drafts as without, on every architecture that can go back",
        arguments: [TinyModel.llama(), .qwen2(), .qwen2moe(), .gemma3()].indices)
    func greedy(index: Int) throws {
        let model = [TinyModel.llama(), .qwen2(), .qwen2moe(), .gemma3()][index]
        let loop = try VerificationLoop(VerificationLoop.load(model), contextLength: 512)
        let plain = try loop.run(Self.prompt, count: 200, sample: loop.likeliest)
        let drafter = NgramDrafter()
        drafter.begin(Self.prompt)
        let drafted = try loop.run(
            Self.prompt, count: 200, sample: loop.likeliest, propose: { _ in drafter.propose(8) },
            accept: { chosen, _, _, _ in drafter.accept(chosen) })
        #expect(drafted.tokens == plain.tokens)
        #expect(drafted.draftedCount > 0)
    }
}

import EngineFixtures
import ModelFixtures
import Testing

@testable import Inference

@Suite("Tokens that are proposed and checked")
struct SchedulerSpeculationTests {
    /// Knows the answer, and lies now and then.
    private final class KnowingDrafter: Drafter {
        let answer: [Int32]
        let liesEvery: Int
        var position = 0
        var calls = 0
        let strengths: [DraftStrength] = []

        init(_ answer: [Int32], liesEvery: Int) {
            self.answer = answer
            self.liesEvery = liesEvery
        }

        func begin(_ prompt: [Int32]) { position = 1 }
        func accept(_ tokens: some Sequence<Int32>) { position += Array(tokens).count }
        func propose(_ count: Int) -> [Int32] {
            calls += 1
            var proposal = Array(answer.dropFirst(position).prefix(count))
            if calls.isMultiple(of: liesEvery), !proposal.isEmpty { proposal[proposal.count / 2] ^= 1 }
            return proposal
        }
    }

    /// Takes all that a drafter proposes.
    private final class PlainSpeculator: Speculator {
        private let drafter: any Drafter
        private let limit: Int

        init(_ drafter: any Drafter, limit: Int) {
            self.drafter = drafter
            self.limit = limit
        }

        func begin(_ prompt: [Int32]) { drafter.begin(prompt) }
        func accept(_ tokens: [Int32]) { drafter.accept(tokens) }
        func propose(room: Int, others: Int) -> [Int32] { drafter.propose(min(room, limit)) }
        func record(acceptedCount: Int, others: Int) {}
    }

    private final class Knowledge: Speculation {
        let answer: [Int32]
        let liesEvery: Int

        init(_ answer: [Int32], liesEvery: Int) {
            self.answer = answer
            self.liesEvery = liesEvery
        }

        func makeSpeculator(for request: GenerationRequest) -> (any Speculator)? {
            PlainSpeculator(KnowingDrafter(answer, liesEvery: liesEvery), limit: 6)
        }
        func record(tokenCount: Int, duration: Duration) {}
    }

    @Test(
        "Right and wrong proposals alike give the very tokens that come without, greedy or drawn",
        arguments: [TinyModel.llama(), .gemma3()].indices, [Float(0), 1])
    func sameTokens(index: Int, temperature: Float) async throws {
        let tiny = [TinyModel.llama(), .gemma3()][index]
        var options = GenerationOptions.fixed(120)
        options.allowsSpeculation = true
        options.temperature = temperature
        options.seed = 3
        options.repeatPenalty = 1.2
        let plain = try SchedulerHarness(tiny)
        let prompt = plain.tokens(150, seed: 1)
        let expected = try await plain.answer(prompt, options)
        for liesEvery in [1, 2, 1000] {
            let harness = try SchedulerHarness(tiny)
            harness.scheduler.speculation = Knowledge(expected.tokens, liesEvery: liesEvery)
            var turns = 0
            let submission = try harness.submit(prompt, options)
            try harness.run { turns += 1 }
            let result = try await submission.results()[0]
            #expect(result.tokens == expected.tokens, "a lie every \(liesEvery)")
            #expect(result.draftedTokenCount > 0)
            #expect(result.acceptedDraftTokenCount <= result.draftedTokenCount)
            if liesEvery == 1000 {
                #expect(result.acceptedDraftTokenCount == result.draftedTokenCount)
                #expect(turns < 30)
            }
            // Rejected ones leave no cell behind.
            #expect(harness.leftovers().cells == 0)
            #expect(plain.scheduler.pool.ledger.usedCount == 150 + 119)
        }
    }

    @Test("Nothing is proposed where it is not wanted")
    func unwanted() async throws {
        let harness = try SchedulerHarness(.llama())
        var options = GenerationOptions.fixed(20)
        options.allowsSpeculation = false
        harness.scheduler.speculation = Knowledge(harness.tokens(50, seed: 1), liesEvery: 2)
        #expect(try await harness.answer(harness.tokens(20, seed: 1), options).draftedTokenCount == 0)
        let recurrent = try SchedulerHarness(.mamba())
        recurrent.scheduler.speculation = Knowledge(harness.tokens(50, seed: 1), liesEvery: 2)
        options.allowsSpeculation = true
        #expect(try await recurrent.answer(recurrent.tokens(20, seed: 1), options).draftedTokenCount == 0)
    }
}

import EngineFixtures
import ModelFixtures
import Testing

@testable import Inference

@Suite("Prompts that begin as others did")
struct PrefixCacheTests {
    static let generative: [TinyModel] = [.llama(), .qwen2(), .qwen2moe(), .gemma3(), .mamba()]

    private func harness(_ index: Int, _ configure: (inout LoadOptions) -> Void = { _ in }) throws -> SchedulerHarness {
        try SchedulerHarness(Self.generative[index]) {
            $0.contextLength = 2048
            $0.parallelRequestCount = 2
            configure(&$0)
        }
    }

    @Test(
        "A conversation that goes on computes only what is new, and answers as if it had computed all",
        arguments: generative.indices)
    func goesOn(index: Int) async throws {
        let (warm, cold) = (try harness(index), try harness(index))
        var prompt = warm.tokens(300, seed: 1)
        for round in 0..<4 {
            let answer = try await warm.greedy(prompt, .compared(10))
            let expected = try await cold.greedy(prompt, .compared(10), tenant: "\(round)")
            #expect(answer.gap(to: expected) < GreedyAnswer.tie, "round \(round)")
            #expect(expected.result.cachedPromptTokenCount == 0)
            if round > 0 { #expect(answer.result.cachedPromptTokenCount >= prompt.count - 32) }
            prompt += answer.tokens + warm.tokens(20, seed: UInt64(round + 2))
        }
    }

    @Test("Prompts that part from others in the middle share what they have in common", arguments: generative.indices)
    func branches(index: Int) async throws {
        let (warm, cold) = (try harness(index), try harness(index))
        let shared = warm.tokens(600, seed: 1)
        var computed: [Int] = []
        for branch in 0..<4 {
            let prompt = shared + warm.tokens(40, seed: UInt64(branch + 10))
            var request = PreparedPrompt(pieces: [.tokens(prompt)])
            request.boundaries = [600]
            let answer = try await answer(warm, request, .compared(8))
            let expected = try await self.answer(cold, request, .compared(8), tenant: "\(branch)")
            #expect(answer.gap(to: expected) < GreedyAnswer.tie, "branch \(branch)")
            computed.append(prompt.count - answer.result.cachedPromptTokenCount)
        }
        #expect(computed[0] == 640)
        #expect(computed.dropFirst().allSatisfy { $0 <= 40 })
    }

    private func answer(
        _ harness: SchedulerHarness, _ prompt: PreparedPrompt, _ options: GenerationOptions, tenant: String = ""
    ) async throws -> GreedyAnswer {
        let (stream, continuation) = GenerationStream.makeStream()
        var request = GenerationRequest(.tokens([]), options: options)
        request.tenant = tenant
        let task = GenerationTask(request, continuation: continuation)
        harness.scheduler.add(
            try PreparedRequest(
                task, prompt: prompt, model: harness.model, contextLength: harness.info.contextLength))
        try harness.run()
        return try await SchedulerHarness.Submission(task: task, stream: stream).greedy()[0]
    }

    @Test("What has to leave the cache comes back from RAM, up to its limit", arguments: generative.indices)
    func memory(index: Int) async throws {
        let warm = try harness(index) {
            $0.parallelRequestCount = 1; $0.cacheTokenCount = 512; $0.contextLength = 512
        }
        let cold = try harness(index) {
            $0.prefixByteLimit = 0; $0.cacheTokenCount = 512; $0.contextLength = 512
        }
        let prompts = (0..<6).map { warm.tokens(280, seed: UInt64($0 + 1)) }
        var answers: [[Int32]] = []
        for prompt in prompts { answers.append(try await warm.answer(prompt, .fixed(6)).tokens) }
        #expect(warm.scheduler.pool.index.savedByteCount > 0)
        for (prompt, tokens) in zip(prompts, answers) {
            let longer = prompt + tokens + [30, 31, 32]
            let answer = try await warm.greedy(longer, .compared(6))
            #expect(answer.result.cachedPromptTokenCount >= prompt.count)
            let expected = try await cold.greedy(longer, .compared(6))
            #expect(answer.gap(to: expected) < GreedyAnswer.tie)
            #expect(expected.result.cachedPromptTokenCount == 0)
        }
        #expect(cold.scheduler.pool.index.savedByteCount == 0)
    }

    @Test("No tenant is served from another's prompts, and none that asks for none", arguments: generative.indices)
    func tenants(index: Int) async throws {
        let harness = try harness(index)
        let prompt = harness.tokens(300, seed: 1)
        _ = try await harness.answer(prompt, .fixed(4), tenant: "a")
        #expect(try await harness.answer(prompt, .fixed(4), tenant: "b").cachedPromptTokenCount == 0)
        var request = GenerationRequest(.tokens(prompt), options: .fixed(4))
        request.tenant = "a"
        request.usesPrefixCache = false
        let uncached = try harness.submit(request)
        try harness.run()
        #expect(try await uncached.results()[0].cachedPromptTokenCount == 0)
        let same = try await harness.answer(prompt, .fixed(4), tenant: "a")
        #expect(same.cachedPromptTokenCount > 0)
        // Both at once, too: neither waits for the other's.
        let other = harness.tokens(300, seed: 2)
        let (first, second) = (
            try harness.submit(other, .fixed(4), tenant: "a"), try harness.submit(other, .fixed(4), tenant: "b")
        )
        try harness.run()
        #expect(try await first.results()[0].cachedPromptTokenCount == 0)
        #expect(try await second.results()[0].cachedPromptTokenCount == 0)
    }

    @Test(
        "What one process saved, another of the same model begins with; what cannot be read is computed again",
        arguments: generative.indices)
    func restored(index: Int) async throws {
        struct Unreadable: Error {}
        let (first, cold) = (try harness(index), try harness(index))
        let prompt = first.tokens(300, seed: 1)
        let tokens = try await first.greedy(prompt, .compared(8), tenant: "a").tokens
        let saved = first.scheduler.pool.savedPrefixes()
        #expect(!saved.isEmpty)
        let prefixes = try saved.map { prefix in
            let bytes = try #require(prefix.state())
            #expect(bytes.count == prefix.byteCount)
            return RestoredPrefix(
                namespace: prefix.namespace, tokens: prefix.tokens, isPartial: prefix.isPartial,
                byteCount: prefix.byteCount, load: { bytes })
        }
        let longer = prompt + tokens + first.tokens(12, seed: 3)
        let expected = try await cold.greedy(longer, .compared(8))
        for isReadable in [true, false] {
            let second = try harness(index)
            second.scheduler.pool.index.restore(
                prefixes.map { prefix in
                    var prefix = prefix
                    if !isReadable { prefix.load = { throw Unreadable() } }
                    return prefix
                }, name: { $0 })
            #expect(try await second.answer(longer, .fixed(8), tenant: "b").cachedPromptTokenCount == 0)
            let answer = try await second.greedy(longer, .compared(8), tenant: "a")
            #expect((answer.result.cachedPromptTokenCount >= prompt.count) == isReadable)
            #expect(answer.gap(to: expected) < GreedyAnswer.tie)
        }
    }
}

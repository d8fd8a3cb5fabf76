import EngineFixtures
import ModelFixtures
import Testing

@testable import Inference

@Suite("Many requests computed together")
struct SchedulerTests {
    static let generative: [TinyModel] = [.llama(), .qwen2(), .qwen2moe(), .gemma3(), .mamba()]

    @Test("Among 15 others a request gets the answer that it gets alone", arguments: generative.indices)
    func batchedEqualsAlone(index: Int) async throws {
        let harness = try SchedulerHarness(Self.generative[index]) {
            $0.parallelRequestCount = 16
            $0.cacheTokenCount = 4096
        }
        var options = GenerationOptions.compared(24)
        let prompts = (0..<16).map { harness.tokens(20 + 11 * $0, seed: UInt64($0 + 1)) }
        var alone: [GreedyAnswer] = []
        for prompt in prompts { alone.append(try await harness.greedy(prompt, options, tenant: "alone")) }
        // Each in its own length and way, so that they come and go at different times.
        let together = try prompts.indices.map { number in
            options.temperature = number.isMultiple(of: 5) && number > 0 ? 1 : 0
            options.seed = 5
            return try harness.submit(prompts[number], options, tenant: "together")
        }
        var most = 0
        try harness.run { most = max(most, harness.scheduler.lastTurn.decodingCount) }
        #expect(most >= 8)
        for (number, submission) in together.enumerated() where !(number.isMultiple(of: 5) && number > 0) {
            let answer = try await submission.greedy()[0]
            #expect(answer.gap(to: alone[number]) < GreedyAnswer.tie, "request \(number)")
            #expect(answer.result.cachedPromptTokenCount == 0)
        }
        let left = harness.leftovers()
        #expect(left.cells == 0 && left.sequences.isEmpty)
    }

    @Test("While others answer, a long prompt goes on by bounded pieces, and the others by a token each turn")
    func boundedPieces() async throws {
        let harness = try SchedulerHarness(.llama(contextLength: 8192)) {
            $0.contextLength = 8192
            $0.cacheTokenCount = 16384
        }
        let early = try (0..<3).map { try harness.submit(harness.tokens(8, seed: UInt64($0)), .fixed(200)) }
        for _ in 0..<20 { try harness.scheduler.turn() }
        let long = try harness.submit(harness.tokens(4000, seed: 9), .fixed(4))
        var turns: [Scheduler.Turn] = []
        try harness.run { turns.append(harness.scheduler.lastTurn) }
        let mixed = turns.filter { $0.promptCount > 0 && $0.decodingCount > 0 }
        #expect(mixed.count >= 8)
        // All that answer go on in each of them.
        #expect(mixed.dropLast().allSatisfy { $0.decodingCount == 3 })
        #expect(mixed.allSatisfy { $0.promptCount + $0.decodingCount <= harness.scheduler.context.microBatchSize })
        #expect(try await long.results()[0].promptTokenCount == 4000)
        for submission in early { #expect(try await submission.results()[0].tokens.count == 200) }
    }

    @Test(
        "Several choices compute their prompt once, and are what single requests with their seeds are",
        arguments: generative.indices)
    func choices(index: Int) async throws {
        let harness = try SchedulerHarness(Self.generative[index]) {
            $0.parallelRequestCount = 4
            $0.cacheTokenCount = 2048
        }
        let prompt = harness.tokens(90, seed: 4)
        var options = GenerationOptions.fixed(12)
        options.temperature = 1
        options.seed = 40
        options.frequencyPenalty = 0.5
        var request = GenerationRequest(.tokens(prompt), options: options)
        // More than there are places.
        request.choiceCount = 7
        request.usesPrefixCache = false
        let before = harness.scheduler.counts
        let submission = try harness.submit(request)
        try harness.run()
        let results = try await submission.results()
        #expect(results.map(\.choice) == Array(0..<7))
        #expect(results.map(\.seed) == (0..<7).map { 40 + $0 })
        #expect(Set(results.map(\.tokens)).count > 1)
        // Those that found no place at first need the last token's logits again.
        #expect(harness.scheduler.counts.prompt - before.prompt <= Int64(prompt.count + 3))
        for choice in [0, 2, 6] {
            options.seed = 40 + UInt32(choice)
            var single = GenerationRequest(.tokens(prompt), options: options)
            single.usesPrefixCache = false
            let alone = try harness.submit(single)
            try harness.run()
            // Prompts of models whose cache cannot go back are computed in two parts here, whose last bits differ.
            let count = harness.scheduler.context.memoryKind.isPlain ? 12 : 1
            #expect(
                try await alone.results()[0].tokens.prefix(count) == results[choice].tokens.prefix(count),
                "choice \(choice)")
        }
        // Nobody else may use what they computed.
        #expect(harness.scheduler.pool.index.live.isEmpty)
        #expect(harness.scheduler.pool.ledger.usedCount == 0)
    }

    @Test("Requests that begin alike and come together compute what they have in common once")
    func sharedInFlight() async throws {
        let harness = try SchedulerHarness(.llama()) {
            $0.parallelRequestCount = 8; $0.cacheTokenCount = 4096
        }
        let shared = harness.tokens(200, seed: 1)
        let prompts = (0..<8).map { shared + harness.tokens(10 + $0, seed: UInt64($0 + 50)) }
        let submissions = try prompts.map { try harness.submit($0, .fixed(6)) }
        try harness.run()
        #expect(harness.scheduler.counts.prompt <= Int64(200 + prompts.reduce(0) { $0 + $1.count - 200 }))
        let fresh = try SchedulerHarness(.llama())
        for (prompt, submission) in zip(prompts, submissions) {
            #expect(
                try await submission.results()[0].tokens
                    == fresh.answer(prompt, .fixed(6), tenant: "\(prompt.count)").tokens)
        }
    }

    @Test("Three tenants of weights 1, 1 and 2 that always want more get tokens in that proportion")
    func fairness() async throws {
        let harness = try SchedulerHarness(.llama()) {
            $0.parallelRequestCount = 4; $0.cacheTokenCount = 4096
        }
        let tenants: [(name: String, weight: Double, prompt: Int, answer: Int)] = [
            ("a", 1, 40, 30), ("b", 1, 10, 8), ("c", 2, 25, 60),
        ]
        var served: [String: Int] = [:]
        var open: [(name: String, cost: Int, submission: SchedulerHarness.Submission)] = []
        var number: UInt64 = 0
        for _ in 0..<2500 {
            for tenant in tenants {
                while open.count(where: { $0.name == tenant.name }) < 6 {
                    number += 1
                    var request = GenerationRequest(
                        .tokens(harness.tokens(tenant.prompt, seed: number)), options: .fixed(tenant.answer))
                    request.tenant = tenant.name
                    request.tenantWeight = tenant.weight
                    request.usesPrefixCache = false
                    let submission = try harness.submit(request)
                    open.append((tenant.name, tenant.prompt + tenant.answer, submission))
                }
            }
            try harness.scheduler.turn()
            for (name, cost, submission) in open where submission.task.isFinished { served[name, default: 0] += cost }
            open.removeAll { $0.submission.task.isFinished }
        }
        let total = Double(served.values.reduce(0, +))
        for tenant in tenants {
            let share = Double(served[tenant.name] ?? 0) / total
            #expect(abs(share - tenant.weight / 4) < 0.1 * tenant.weight / 4, "\(tenant.name): \(share)")
        }
    }

    @Test("Who waits is told its place")
    func places() async throws {
        let harness = try SchedulerHarness(.llama()) { $0.parallelRequestCount = 1 }
        let submissions = try (0..<3).map { try harness.submit(harness.tokens(5, seed: UInt64($0)), .fixed(3)) }
        try harness.run()
        var places: [[Int]] = []
        for submission in submissions {
            let (events, error) = await submission.events()
            #expect(error == nil)
            let told = events.compactMap { if case .queued(let place) = $0 { place } else { nil } }
            places.append(told)
            // Places come before anything else.
            #expect(events.prefix(told.count).allSatisfy { if case .queued = $0 { true } else { false } })
        }
        #expect(places == [[], [1], [2, 1]])
    }

    @Test("The probabilities that are reported are the model's own, before any sampler")
    func logProbabilities() async throws {
        let harness = try SchedulerHarness(.llama())
        var options = GenerationOptions.fixed(5)
        options.topLogProbabilityCount = 20
        let plain = try harness.submit(harness.tokens(9, seed: 2), options)
        try harness.run()
        options.logitBias = [7: 100]
        options.frequencyPenalty = 1
        let biased = try harness.submit(harness.tokens(9, seed: 2), options)
        try harness.run()
        func probabilities(_ submission: SchedulerHarness.Submission) async -> [TokenLogProbability] {
            await submission.events().events.flatMap { event in
                if case .delta(let delta) = event { delta.logProbabilities } else { [TokenLogProbability]() }
            }
        }
        let (first, second) = (await probabilities(plain), await probabilities(biased))
        #expect(first.count == 5 && second.count == 5)
        for probability in first {
            #expect(probability.chosen == probability.top[0])
            #expect(probability.top.count == 20)
            #expect(probability.top.map(\.logProbability) == probability.top.map(\.logProbability).sorted(by: >))
            #expect(probability.top.allSatisfy { $0.logProbability < 0 })
        }
        #expect(second[0].chosen.token == 7)
        #expect(second[0].top == first[0].top)
    }
}

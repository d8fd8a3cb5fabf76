import EngineFixtures
import ModelFixtures
import Testing

@testable import Inference

@Suite("How requests end, and what stays behind")
struct SchedulerEndTests {
    @Test("Stopped in any state, a request gives back all it had before the next batch")
    func cancellation() async throws {
        let harness = try SchedulerHarness(.llama(contextLength: 4096)) {
            $0.contextLength = 4096
            $0.batchSize = 64
            $0.microBatchSize = 64
            $0.parallelRequestCount = 2
        }
        let scheduler = harness.scheduler
        func check(_ used: Int, _ comment: Comment) {
            let kept = scheduler.pool.index.retained
            for sequence in kept { scheduler.pool.drop(sequence) }
            #expect(scheduler.pool.ledger.usedCount == used, comment)
        }
        let shared = harness.tokens(300, seed: 1)
        // In the middle of its prompt, one that waits for the same, and one that waits for a place.
        let leader = try harness.submit(shared + [20], .fixed(10))
        let follower = try harness.submit(shared + [21], .fixed(10))
        let waiting = try harness.submit(harness.tokens(10, seed: 2), .fixed(3))
        try scheduler.turn()
        try scheduler.turn()
        #expect(scheduler.running.count == 2)
        #expect(scheduler.running[1].leader === scheduler.running[0])
        #expect(scheduler.activity.queuedRequestCount == 1)
        leader.task.stop()
        scheduler.mayHaveStopped = true
        try scheduler.turn()
        #expect(!scheduler.running.contains { $0.task === leader.task })
        // The follower goes on from what had been computed.
        #expect(scheduler.counts.prompt < 300)
        waiting.task.stop()
        scheduler.mayHaveStopped = true
        try harness.run()
        #expect(try await follower.results()[0].tokens.count == 10)
        #expect(scheduler.counts.prompt <= 301 + 64 + 10)
        check(0, "after the follower's end")

        // While it answers.
        let answering = try harness.submit(harness.tokens(10, seed: 3), .fixed(nil))
        for _ in 0..<5 { try scheduler.turn() }
        #expect(scheduler.running.count == 1 && scheduler.running[0].isDecoding)
        answering.task.stop()
        try scheduler.turn()
        #expect(scheduler.running.isEmpty)
        check(0, "after an answer was stopped")
        #expect(!scheduler.hasWork)
    }

    @Test("A time limit ends requests that wait and requests that run, with an error that names it")
    func deadlines() async throws {
        let harness = try SchedulerHarness(.llama(contextLength: 100_000)) {
            $0.contextLength = 100_000
            $0.parallelRequestCount = 1
        }
        var request = GenerationRequest(.tokens(harness.tokens(5, seed: 1)), options: .fixed(nil))
        request.timeLimit = .milliseconds(50)
        let running = try harness.submit(request)
        let waiting = try harness.submit(request)
        try harness.run()
        for submission in [running, waiting] {
            let error = await submission.events().error as? InferenceError
            #expect(error == .deadlineExceeded(limit: .milliseconds(50)))
        }
        #expect(harness.scheduler.activity.activeRequestCount == 0)
    }

    @Test("A time limit that is not reached changes nothing")
    func generousDeadline() async throws {
        let harness = try SchedulerHarness(.llama())
        var request = GenerationRequest(.tokens(harness.tokens(5, seed: 1)), options: .fixed(5))
        request.timeLimit = .seconds(600)
        let submission = try harness.submit(request)
        try harness.run()
        #expect(try await submission.results()[0].tokens.count == 5)
    }

    @Test(
        "Where cells are short everyone is served all the same, with the answers they get alone",
        arguments: [TinyModel.llama(), .gemma3()].indices)
    func pressure(index: Int) async throws {
        let tiny = [TinyModel.llama(), .gemma3()][index]
        let harness = try SchedulerHarness(tiny) {
            $0.contextLength = 256
            $0.cacheTokenCount = 256
            $0.parallelRequestCount = 6
        }
        let prompts = (0..<8).map { harness.tokens(30 + 7 * $0, seed: UInt64($0 + 1)) }
        let submissions = try prompts.map { try harness.submit($0, .compared(100)) }
        var most = 0
        try harness.run { most = max(most, harness.scheduler.running.count) }
        #expect(most > 1)
        let fresh = try SchedulerHarness(tiny)
        for (number, submission) in submissions.enumerated() {
            let answer = try await submission.greedy()[0]
            let gap = answer.gap(to: try await fresh.greedy(prompts[number], .compared(100)))
            #expect(gap < GreedyAnswer.tie, "request \(number)")
            #expect(answer.result.promptTokenCount == prompts[number].count)
        }
        #expect(harness.leftovers().cells == 0)
    }

    @Test("Two that outgrow the cells take turns: the older ends first, neither fails")
    func preemption() async throws {
        let harness = try SchedulerHarness(.llama()) {
            $0.contextLength = 256
            $0.cacheTokenCount = 256
            $0.parallelRequestCount = 2
        }
        let (first, second) = (
            try harness.submit(harness.tokens(20, seed: 1), .compared(200)),
            try harness.submit(harness.tokens(20, seed: 2), .compared(200))
        )
        var hadOne = false
        try harness.run {
            hadOne = hadOne || (harness.scheduler.running.count == 1 && !harness.scheduler.queue.isEmpty)
        }
        #expect(hadOne)
        let fresh = try SchedulerHarness(.llama())
        for (seed, submission) in [(1, first), (2, second)] {
            let alone = try await fresh.greedy(fresh.tokens(20, seed: UInt64(seed)), .compared(200))
            let answer = try await submission.greedy()[0]
            #expect(answer.tokens.count == 200)
            #expect(answer.gap(to: alone) < GreedyAnswer.tie)
        }
    }

    @Test("A full context is shifted when that is asked for, beyond what it holds; what is kept stays")
    func shift() async throws {
        let harness = try SchedulerHarness(.llama()) {
            $0.contextLength = 256
            $0.parallelRequestCount = 3
            $0.cacheTokenCount = 768
        }
        var options = GenerationOptions.compared(700)
        options.shiftsContext = true
        options.keptTokenCount = -1
        // Three that share their prompt's cells, which a shift must not move under the others.
        var request = GenerationRequest(.tokens(harness.tokens(40, seed: 1)), options: options)
        request.choiceCount = 3
        let submission = try harness.submit(request)
        try harness.run {
            for run in harness.scheduler.running { #expect(run.position <= 256) }
        }
        let answers = try await submission.greedy()
        #expect(answers.map(\.tokens.count) == [700, 700, 700])
        #expect(answers.allSatisfy { $0.result.finishReason == .length && $0.gap(to: answers[0]) < GreedyAnswer.tie })
        // What was moved is no prompt's beginning; the kept prompt is.
        #expect(harness.scheduler.pool.index.live.values.allSatisfy { $0.symbols.count <= 40 })
        #expect(harness.leftovers().cells == 0)

        let alone = try SchedulerHarness(.llama()) { $0.contextLength = 256 }
        let gap = answers[0].gap(to: try await alone.greedy(alone.tokens(40, seed: 1), options))
        #expect(gap < GreedyAnswer.tie)
    }

    @Test(
        "300 requests that come at random, some of which are stopped: all end, nothing is left",
        arguments: [TinyModel.llama(), .gemma3(), .mamba()].indices)
    func random(index: Int) async throws {
        let harness = try SchedulerHarness([TinyModel.llama(), .gemma3(), .mamba()][index]) {
            $0.contextLength = 256
            $0.cacheTokenCount = 384
            $0.parallelRequestCount = 5
            $0.prefixByteLimit = 1 << 20
        }
        var random = SeededGenerator(seed: 7)
        let beginnings = (0..<4).map { harness.tokens(60, seed: 100 + UInt64($0)) }
        var turns = 0
        var submissions: [(SchedulerHarness.Submission, isStopped: Bool, choices: Int)] = []
        while submissions.count < 320 || harness.scheduler.hasWork {
            if submissions.count < 320, Int.random(in: 0..<3, using: &random) == 0 {
                let beginning = beginnings[Int.random(in: 0..<4, using: &random)].prefix(
                    Int.random(in: 0...60, using: &random))
                let own = harness.tokens(Int.random(in: 1...80, using: &random), seed: UInt64(submissions.count))
                var options = GenerationOptions.fixed(Int.random(in: 0...40, using: &random))
                options.temperature = 1
                options.ignoreEndOfGeneration = Bool.random(using: &random)
                var request = GenerationRequest(.tokens(beginning + own), options: options)
                request.tenant = ["", "x", "y"].randomElement(using: &random) ?? ""
                request.priority = GenerationRequest.Priority.allCases.randomElement(using: &random) ?? .normal
                request.usesPrefixCache = Int.random(in: 0..<4, using: &random) > 0
                request.choiceCount = Int.random(in: 0..<6, using: &random) == 0 ? 3 : 1
                submissions.append((try harness.submit(request), false, request.choiceCount))
            }
            if !submissions.isEmpty, Int.random(in: 0..<20, using: &random) == 0 {
                let victim = Int.random(in: max(0, submissions.count - 10)..<submissions.count, using: &random)
                submissions[victim].0.task.stop()
                submissions[victim].isStopped = true
                harness.scheduler.mayHaveStopped = true
            }
            try harness.scheduler.turn()
            turns += 1
            try #require(
                turns < 20_000,
                "nobody goes on: \(harness.scheduler.running.map { ($0.computedCount, $0.content.count, $0.stops.sorted(), $0.leader != nil, $0.sequence ?? -1, $0.needsBeginning) })"
            )
            #expect(harness.scheduler.pool.ledger.usedCount <= harness.scheduler.pool.ledger.capacity)
            #expect(harness.scheduler.running.count <= 5)
        }
        var finished = 0
        for (submission, isStopped, choices) in submissions {
            // A stream that was stopped has no end that says so: its reader has gone.
            guard !isStopped else { continue }
            #expect(try await submission.results().count == choices)
            finished += 1
        }
        #expect(finished > 200)
        #expect(harness.scheduler.pool.index.savedByteCount <= 1 << 20)
        let left = harness.leftovers()
        #expect(left.cells == 0 && left.sequences.isEmpty)
        #expect(harness.scheduler.pool.index.live.isEmpty)
    }
}

import EngineFixtures
import Foundation
import ModelFixtures

@testable import Inference

/// A scheduler whose turns a test makes itself, one by one.
final class SchedulerHarness {
    let scheduler: Scheduler
    let model: ModelHandle
    private let preparer: PromptPreparer
    private let file: TinyModelFile
    let info: LoadedModelInfo

    /// One thread, a context of 512 tokens and as many cells unless `configure` says otherwise.
    init(_ tiny: TinyModel, configure: (inout LoadOptions) -> Void = { _ in }) throws {
        file = try TinyModelFile(tiny)
        var options = LoadOptions()
        options.threadCount = 1
        options.contextLength = 512
        configure(&options)
        let files = ModelFileSet(file.url)
        model = try ModelLoader(
            files: files, options: options, vocabularyOnly: false, progress: nil, isCancelled: CancellationFlag()
        ).load()
        let context = try EngineContext(model: model, files: files, options: options)
        scheduler = try Scheduler(model: model, context: context, options: options)
        info = LoadedModelInfo(model, name: "tiny", path: file.url.path, options: options, context: context)
        preparer = PromptPreparer(
            model: model, templates: TemplateCache(model: model, name: "tiny"), info: info)
    }

    /// An answer on its way.
    struct Submission {
        let task: GenerationTask
        let stream: GenerationStream
    }

    func submit(_ request: GenerationRequest) throws -> Submission {
        let (stream, continuation) = GenerationStream.makeStream()
        let task = GenerationTask(request, continuation: continuation)
        scheduler.add(
            try PreparedRequest(
                task, prompt: try preparer.prepare(request), model: model, contextLength: info.contextLength))
        return Submission(task: task, stream: stream)
    }

    func submit(_ tokens: [Int32], _ options: GenerationOptions, tenant: String = "") throws -> Submission {
        var request = GenerationRequest(.tokens(tokens), options: options)
        request.tenant = tenant
        return try submit(request)
    }

    /// Turns until there is nothing to do; at most `limit`, so that a test that hangs fails.
    func run(limit: Int = 100_000, _ each: () throws -> Void = {}) throws {
        var count = 0
        while scheduler.hasWork {
            try scheduler.turn()
            try each()
            count += 1
            if count > limit { throw InferenceError.workerFailed(reason: "\(limit) turns did not suffice") }
        }
    }

    /// All of one request, alone.
    func answer(_ tokens: [Int32], _ options: GenerationOptions, tenant: String = "") async throws -> GenerationResult {
        let submission = try submit(tokens, options, tenant: tenant)
        try run()
        return try await submission.results()[0]
    }

    /// A row of tokens, the same for the same seed.
    func tokens(_ count: Int, seed: UInt64) -> [Int32] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int32.random(in: 10..<Int32(info.vocabularyCount), using: &random) }
    }

    /// Forgets what is kept, and tells what is left: cells by the bookkeeping, and sequences that hold any by the
    /// engine.
    func leftovers() -> (cells: Int, sequences: [Int32]) {
        while scheduler.pool.evictOldest() {}
        let held = (0..<Int32(scheduler.pool.ledger.sequenceCount)).filter {
            scheduler.context.positions(of: $0) != nil
        }
        return (scheduler.pool.ledger.usedCount, held)
    }
}

/// Greedy answers that should be the same, with the two likeliest tokens of each place.
struct GreedyAnswer {
    var tokens: [Int32]
    var top: [[TokenLogProbability.Candidate]]
    var result: GenerationResult

    /// By how much the first token that is not the same was likelier than the one that took its place, in either
    /// answer; 0 when all are the same, and infinity when they differ otherwise.
    ///
    /// Batches of other shapes add the same numbers up in another order: where two tokens are as likely as each other
    /// but for the last bits, either may win. A larger difference is a mistake.
    func gap(to other: GreedyAnswer) -> Float {
        guard let place = zip(tokens, other.tokens).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
            return tokens.count == other.tokens.count ? 0 : .infinity
        }
        func lead(_ answer: GreedyAnswer, over token: Int32) -> Float {
            guard answer.top.indices.contains(place) else { return .infinity }
            let top = answer.top[place]
            guard let rival = top.first(where: { $0.token == token }) else { return .infinity }
            return top[0].logProbability - rival.logProbability
        }
        return max(lead(self, over: other.tokens[place]), lead(other, over: tokens[place]))
    }

    /// What is taken for a tie: the last bits of 16-bit keys and values, in logits of a size around 5.
    static let tie: Float = 0.02
}

extension GenerationOptions {
    /// Greedy, and reporting what ``GreedyAnswer`` looks at.
    static func compared(_ count: Int?) -> GenerationOptions {
        var options = GenerationOptions.fixed(count)
        options.topLogProbabilityCount = 2
        return options
    }
}

extension SchedulerHarness {
    /// All of one request, alone, by ``GenerationOptions/compared(_:)``.
    func greedy(_ tokens: [Int32], _ options: GenerationOptions, tenant: String = "") async throws -> GreedyAnswer {
        let submission = try submit(tokens, options, tenant: tenant)
        try run()
        return try await submission.greedy()[0]
    }
}

extension SchedulerHarness.Submission {
    /// All answers, by choice. Throws what the stream throws.
    func greedy() async throws -> [GreedyAnswer] {
        let (events, error) = await events()
        if let error { throw error }
        var top: [Int: [[TokenLogProbability.Candidate]]] = [:]
        var answers: [GreedyAnswer] = []
        for event in events {
            switch event {
            case .delta(let delta): top[delta.choice, default: []] += delta.logProbabilities.map(\.top)
            case .finished(let result):
                answers.append(GreedyAnswer(tokens: result.tokens, top: top[result.choice] ?? [], result: result))
            case .queued, .promptProgress: break
            }
        }
        return answers.sorted { $0.result.choice < $1.result.choice }
    }

    /// All results, by choice. Throws what the stream throws.
    func results() async throws -> [GenerationResult] {
        var results: [GenerationResult] = []
        for try await event in stream { if case .finished(let result) = event { results.append(result) } }
        return results.sorted { $0.choice < $1.choice }
    }

    /// Everything that was emitted, and what it ended with.
    func events() async -> (events: [GenerationEvent], error: (any Error)?) {
        var events: [GenerationEvent] = []
        do {
            for try await event in stream { events.append(event) }
            return (events, nil)
        } catch {
            return (events, error)
        }
    }
}

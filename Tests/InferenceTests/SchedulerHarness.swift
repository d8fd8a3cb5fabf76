import EngineFixtures
import Foundation
import ModelFixtures

@testable import Inference

/// A scheduler whose turns a test makes itself, one by one.
final class SchedulerHarness {
    let scheduler: Scheduler
    let model: ModelHandle
    private let preparer: PromptPreparer
    private var file: TinyModelFile?
    let info: LoadedModelInfo
    let options: LoadOptions

    /// As ``init(at:template:configure:)`` for a tiny model.
    convenience init(_ tiny: TinyModel, configure: (inout LoadOptions) -> Void = { _ in }) throws {
        let file = try TinyModelFile(tiny)
        try self.init(at: file.url, configure: configure)
        self.file = file
    }

    /// One thread, a context of 512 tokens and as many cells unless `configure` says otherwise.
    ///
    /// - Parameter template: a chat template; the model's own when `nil`.
    init(at url: URL, template: String? = nil, configure: (inout LoadOptions) -> Void = { _ in }) throws {
        var options = LoadOptions()
        options.threadCount = 1
        options.contextLength = 512
        configure(&options)
        self.options = options
        let files = ModelFileSet(url)
        model = try ModelLoader(
            files: files, options: options, vocabularyOnly: false, progress: nil, isCancelled: CancellationFlag()
        ).load()
        let context = try EngineContext(model: model, files: files, options: options)
        scheduler = try Scheduler(model: model, context: context, options: options)
        info = LoadedModelInfo(model, name: "tiny", path: url.path, options: options, context: context)
        preparer = PromptPreparer(
            model: model, templates: TemplateCache(model: model, name: "tiny", own: template), info: info)
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

    /// What `request` comes to.
    func prepared(_ request: GenerationRequest) throws -> PreparedPrompt { try preparer.prepare(request) }

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
    func greedy() async throws -> [GreedyAnswer] { try await stream.greedy() }

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

import EngineFixtures
import Foundation
import Testing

@testable import Inference

/// A prompt whose greedy tokens are compared.
struct TokenSubject: Sendable {
    var name: String
    var prompt: String
    /// Whether there is enough that comes again for n-gram lookup to be right.
    var repeats = false

    /// Tokens that are compared.
    static let count = 64

    /// From a few tokens to more than 400, so that states are kept in the middle of it.
    static let all: [TokenSubject] = [
        TokenSubject(name: "short", prompt: "The capital of France is"),
        TokenSubject(
            name: "code",
            prompt: """
                def fibonacci(n):
                    \"\"\"Return the n-th Fibonacci number.\"\"\"
                    if n < 2:
                        return n
                """),
        TokenSubject(
            name: "story",
            prompt: """
                Once upon a time, in a village by the sea, there lived an old fisherman who owned nothing but a boat \
                with a patched sail and a dog that was afraid of water. Every morning before the sun was up he rowed \
                past the lighthouse, and every evening he came back with a few fish and a new story about the one \
                that was too large for his net. One day in the autumn, when the wind had turned to the north and the \
                other boats stayed in the harbour,
                """),
        TokenSubject(
            name: "repeats",
            prompt: String(
                repeating: "Bern is in Switzerland. Paris is in France. Rome is in Italy. Vienna is in Austria.\n",
                count: 8),
            repeats: true),
        TokenSubject(
            name: "long",
            prompt: "The log of the ship, copied from the book that was found:\n"
                + (1...24).map { day in
                    "Day \(day): \(weathers[day * 7 % weathers.count]), \(day * 13 % 29 + 3) miles to the "
                        + "\(winds[day * 5 % winds.count]), \(events[day * 11 % events.count]).\n"
                }.joined()),
    ]

    private static let weathers = ["fog", "rain in the morning", "a clear sky", "storm", "snow", "calm sea", "hail"]
    private static let winds = ["north", "south-west", "east", "south", "north-west", "west"]
    private static let events = [
        "the cook fell ill", "a whale was seen", "the mast was mended", "two barrels of water are left",
        "land was seen far away", "the captain spoke to nobody",
    ]

    func request(_ options: GenerationOptions) -> GenerationRequest {
        GenerationRequest(.text(prompt, addSpecial: true), options: options)
    }

    static func options(_ count: Int) -> GenerationOptions {
        var options = GenerationOptions.fixed(count)
        options.allowsSpeculation = true
        options.topLogProbabilityCount = 5
        return options
    }

    static func harness(parallelCount: Int = 1, speculates: Bool = false) throws -> SchedulerHarness {
        try SchedulerHarness(at: try #require(TestEnvironment.model)) {
            $0.contextLength = 1024
            $0.parallelRequestCount = parallelCount
            $0.cacheTokenCount = parallelCount * 1024
            $0.speculation = speculates
        }
    }

    /// Answers this prompt alone.
    func run(
        _ harness: SchedulerHarness, _ recorder: BatchRecorder, _ options: GenerationOptions
    ) throws -> GenerationStream {
        let submission = try harness.submit(request(options))
        try harness.run { recorder.note(harness.scheduler) }
        return submission.stream
    }

    /// What `work` answers with a scheduler of its own.
    static func serve(
        _ subject: TokenSubject, parallelCount: Int = 1, speculates: Bool = false,
        _ work: @escaping @Sendable (SchedulerHarness, BatchRecorder) throws -> GenerationStream
    ) async throws -> ServedAnswer {
        let (stream, record) = try await OwnThread.run(named: "tokens") {
            let harness = try harness(parallelCount: parallelCount, speculates: speculates)
            let lookup = speculates ? EagerLookup() : nil
            harness.scheduler.speculation = lookup
            let recorder = BatchRecorder(lookup)
            return (try work(harness, recorder), recorder.record)
        }
        let answer = try #require(try await stream.greedy().first)
        return ServedAnswer(
            subject: subject, answer: answer, record: record, parallelCount: parallelCount, speculates: speculates)
    }

    /// The likeliest tokens by position and sequence, when plain llama.cpp computes the same batches.
    static func replay(
        _ record: BatchRecord, parallelCount: Int = 1, speculates: Bool = false
    ) async throws -> [Int32: [Int32: Int32]] {
        try await OwnThread.run(named: "plain") {
            let harness = try harness(parallelCount: parallelCount, speculates: speculates)
            let parameters = harness.scheduler.context.shape.parameters(harness.options)
            return try PlainEngine(at: try #require(TestEnvironment.model), parameters).replay(record)
        }
    }
}

/// An answer and what was computed for it.
struct ServedAnswer: Sendable {
    var subject: TokenSubject
    var answer: GreedyAnswer
    var record: BatchRecord
    var parallelCount: Int
    var speculates: Bool

    /// What plain llama.cpp says for the same batches, by position.
    func replayed() async throws -> [Int32: Int32] {
        let likeliest = try await TokenSubject.replay(
            record, parallelCount: parallelCount, speculates: speculates)
        return likeliest[record.batches.last?.first?.sequence ?? 0] ?? [:]
    }
}

/// What comes when a prompt is all that the engine has to do, computed from its beginning.
enum TokenReference {
    private static let first = Task {
        var answers: [GreedyAnswer] = []
        for subject in TokenSubject.all { answers.append(try await answer(subject).answer) }
        return answers
    }

    /// The answers that all others are compared with.
    static func shared() async throws -> [GreedyAnswer] { try await first.value }

    static func answer(_ subject: TokenSubject, speculates: Bool = false) async throws -> ServedAnswer {
        try await TokenSubject.serve(subject, speculates: speculates) { harness, recorder in
            try subject.run(harness, recorder, TokenSubject.options(TokenSubject.count))
        }
    }
}

/// How far the answers to all prompts are the reference's, a line each.
struct TokenTable {
    private let title: String
    private var lines: [String] = []

    init(_ title: String) { self.title = title }

    /// As ``compare(_:with:_:plain:)``, for an answer that nothing was computed beside; plain llama.cpp is asked only
    /// where there is something to explain, or `always`.
    mutating func compare(_ served: ServedAnswer, with reference: GreedyAnswer, always: Bool = false) async throws {
        let isEqual = served.answer.tokens == reference.tokens
        let plain = try await isEqual && !always ? nil : served.replayed()
        compare(served.answer, with: reference, served.subject, plain: plain)
    }

    /// Notes how many tokens are the same as the reference's, and expects that all are those that plain llama.cpp has at
    /// these positions.
    mutating func compare(
        _ answer: GreedyAnswer, with reference: GreedyAnswer, _ subject: TokenSubject, plain: [Int32: Int32]?
    ) {
        let same = zip(answer.tokens, reference.tokens).prefix { $0 == $1 }.count
        let result = answer.result
        #expect(answer.tokens.count == reference.tokens.count, "\(title), \(subject.name)")
        if let plain {
            let replayed = answer.tokens.indices.map { plain[Int32(result.promptTokenCount + $0)] ?? -1 }
            #expect(replayed == answer.tokens, "\(title), \(subject.name): plain llama.cpp says otherwise")
        }
        var facts = [
            title.padding(toLength: 15, withPad: " ", startingAt: 0),
            subject.name.padding(toLength: 7, withPad: " ", startingAt: 0),
            "\(same) of \(reference.tokens.count) equal", "prompt \(result.promptTokenCount)",
            "cached \(result.cachedPromptTokenCount)",
            "drafts right \(result.acceptedDraftTokenCount) of \(result.draftedTokenCount)",
        ]
        if same < reference.tokens.count, same < answer.tokens.count {
            let (ours, theirs) = (answer.tokens[same], reference.tokens[same])
            let (left, right) = (
                lead(of: theirs, over: ours, reference.top[same]), lead(of: ours, over: theirs, answer.top[same])
            )
            #expect(left.isFinite && right.isFinite, "\(title), \(subject.name): none of the likeliest tokens")
            facts.append("gap at token \(same): \(left) one way, \(right) the other")
        }
        lines.append(facts.joined(separator: " | "))
    }

    /// By how much a token was likelier than another; infinite when that one was none of the likeliest.
    private func lead(of token: Int32, over rival: Int32, _ top: [TokenLogProbability.Candidate]) -> Float {
        func value(_ token: Int32) -> Float? { top.first { $0.token == token }?.logProbability }
        guard let first = value(token), let second = value(rival) else { return .infinity }
        return first - second
    }

    func print() { Swift.print(lines.joined(separator: "\n")) }
}

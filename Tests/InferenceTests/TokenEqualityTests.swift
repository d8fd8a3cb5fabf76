import Foundation
import Security
import Testing

@testable import Inference

/// The same prompts at temperature 0 in every way in which a request may be served.
///
/// A batch of another shape goes through other kernels, which add the same numbers up in another order, and the model
/// rounds its activations to 8 bits on the way: logits differ then, and where two tokens are nearly as likely, either may
/// win. So what differs is held against plain llama.cpp, which is given the very batches that Roost computed: there every
/// token has to be the same. How far the answers are those of a request that is alone is printed, with the gap between
/// the two tokens where they part. (The same weights in 32 bits, which nothing is rounded for, gave all of the tokens in
/// all of these ways.)
@Suite("Equal tokens at temperature 0 with a real model", .serialized, .enabled(if: TestEnvironment.model != nil))
struct TokenEqualityTests {
    @Test("Asked for alone again: no difference at all, and none from plain llama.cpp")
    func alone() async throws {
        let reference = try await TokenReference.shared()
        var table = TokenTable("alone, again")
        for (subject, first) in zip(TokenSubject.all, reference) {
            let again = try await TokenReference.answer(subject)
            #expect(first.tokens.count == TokenSubject.count)
            #expect(again.answer.tokens == first.tokens, "\(subject.name)")
            #expect(again.answer.top == first.top, "\(subject.name)")
            try await table.compare(again, with: first, always: true)
        }
        table.print()
    }

    @Test("Batched with 15 others, all of them in every batch")
    func batched() async throws {
        let (streams, record, sequences) = try await OwnThread.run(named: "batched") {
            let harness = try TokenSubject.harness(parallelCount: 16)
            // Some tokens more than are compared: who has the longest prompt begins some turns later.
            let options = TokenSubject.options(TokenSubject.count + 16)
            let subjects = try TokenSubject.all.map { try harness.submit($0.request(options)) }
            let others = try (0..<11).map { number in
                let prompt = "The number \(number * 7 + 1) is"
                return try harness.submit(GenerationRequest(.text(prompt, addSpecial: true), options: options))
            }
            let recorder = BatchRecorder()
            var sequences: [Int32] = []
            try harness.run {
                recorder.note(harness.scheduler)
                let running = harness.scheduler.running.prefix(subjects.count)
                if sequences.isEmpty { sequences = running.compactMap(\.sequence) }
                guard running.contains(where: { $0.answer.tokens.count < TokenSubject.count }) else { return }
                let turn = harness.scheduler.lastTurn
                try #require(turn.decodingCount + turn.prefillingCount == 16)
            }
            return ((subjects + others).map(\.stream), recorder.record, sequences)
        }
        let likeliest = try await TokenSubject.replay(record, parallelCount: 16)
        var table = TokenTable("with 15 others")
        for (index, reference) in try await TokenReference.shared().enumerated() {
            var answer = try #require(try await streams[index].greedy().first)
            answer.tokens = Array(answer.tokens.prefix(TokenSubject.count))
            table.compare(
                answer, with: reference, TokenSubject.all[index], plain: likeliest[sequences[index]] ?? [:])
        }
        table.print()
    }

    @Test("Begun with a prompt that was computed before")
    func cached() async throws {
        var table = TokenTable("asked before")
        for (subject, reference) in zip(TokenSubject.all, try await TokenReference.shared()) {
            // Two sequences: what is computed stays where it is.
            let served = try await TokenSubject.serve(subject, parallelCount: 2) { harness, recorder in
                _ = try subject.run(harness, recorder, TokenSubject.options(8))
                return try subject.run(harness, recorder, TokenSubject.options(TokenSubject.count))
            }
            // Fewer than 16 tokens are computed again sooner than found.
            let isCached = served.answer.result.cachedPromptTokenCount > 0
            #expect(isCached == (served.answer.result.promptTokenCount > 16), "\(subject.name)")
            try await table.compare(served, with: reference)
        }
        table.print()
    }

    @Test("Begun with a prompt that another life of the model saved")
    func restarted() async throws {
        var table = TokenTable("after a restart")
        for (subject, reference) in zip(TokenSubject.all, try await TokenReference.shared()) {
            let pack = try PackFile()
            let secret = PackSecret()
            let first = try await TokenSubject.serve(subject) { harness, recorder in
                harness.scheduler.archive = PrefixArchive(
                    PrefixPersistence(key: PackFile.key, secret: secret, draft: pack.descriptor))
                let stream = try subject.run(harness, recorder, TokenSubject.options(8))
                harness.scheduler.saveAndEnd()
                return stream
            }
            var second = try await TokenSubject.serve(subject) { harness, recorder in
                let archive = PrefixArchive(
                    PrefixPersistence(key: PackFile.key, secret: secret, saved: pack.descriptor))
                archive.restore(to: harness.scheduler.pool)
                harness.scheduler.archive = archive
                return try subject.run(harness, recorder, TokenSubject.options(TokenSubject.count))
            }
            // A sliding window cannot go back: there are states every some hundred tokens, and none of a short prompt.
            let isCached = second.answer.result.cachedPromptTokenCount > 0
            #expect(isCached == (second.answer.result.promptTokenCount > 260), "\(subject.name)")
            second.record = first.record + second.record
            try await table.compare(second, with: reference)
        }
        table.print()
    }

    @Test("With tokens proposed by n-gram lookup, which is right now and then")
    func speculation() async throws {
        var table = TokenTable("speculation")
        for (subject, reference) in zip(TokenSubject.all, try await TokenReference.shared()) {
            let served = try await TokenReference.answer(subject, speculates: true)
            if subject.repeats { #expect(served.answer.result.acceptedDraftTokenCount > 0, "\(subject.name)") }
            try await table.compare(served, with: reference)
        }
        table.print()
    }
}

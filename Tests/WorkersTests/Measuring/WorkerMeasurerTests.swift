import Foundation
import Inference
import ModelFixtures
import Testing
import Waiting

@testable import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A model measured in a worker", .serialized)
struct WorkerMeasurerTests {
    private func start(_ model: TinyModel, _ fixture: ProcessFixture) async throws -> WorkerMeasurer {
        let file = try TinyModelFile(model)
        return try await WorkerMeasurer.start(
            fixture.program, files: ModelFileSet(file.url), name: "tiny", options: ProcessFixture.options())
    }

    @Test(
        "answers run by run, with other threads, micro-batches and attention", arguments: ["llama", "gemma3", "mamba"])
    func answers(architecture: String) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let models: [String: TinyModel] = ["llama": .llama(), "gemma3": .gemma3(), "mamba": .mamba()]
        let measurer = try await start(try #require(models[architecture]), fixture)
        #expect(measurer.info.architecture == architecture && measurer.info.contextLength > 64)
        for change in [
            { _ in }, { $0.threadCount = 2 }, { $0.batchThreadCount = 2 }, { $0.microBatchSize = 8 },
            { $0.flashAttention = .off }, { _ in },
        ] as [(inout LoadOptions) -> Void] {
            var question = SpeedQuestion(
                options: ProcessFixture.options(), promptTokenCount: 24, generatedTokenCount: 4, depth: 16,
                repetitionCount: 3)
            change(&question.options)
            let answer = try await measurer.answer(question)
            #expect(answer.promptSeconds.count == 3 && answer.generationSeconds.count == 3)
            #expect(answer.promptRates(question) == answer.promptSeconds.map { 24 / $0 })
            question.promptTokenCount = 0
            question.depth = 0
            let short = try await measurer.answer(question)
            #expect(short.promptSeconds.isEmpty && short.generationSeconds.count == 3)
        }
        measurer.end()
    }

    @Test("refuses what cannot be measured, and goes on")
    func refused() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        await #expect(throws: InferenceError.notAGenerator(architecture: "bert")) {
            try await start(.bert(), fixture)
        }
        let measurer = try await start(.llama(), fixture)
        let good = SpeedQuestion(options: ProcessFixture.options(), promptTokenCount: 4)
        var bad = good
        bad.depth = measurer.info.contextLength
        await #expect(throws: InferenceError.self) { try await measurer.answer(bad) }
        bad = good
        bad.repetitionCount = 0
        await #expect(throws: InferenceError.self) { try await measurer.answer(bad) }
        bad = good
        bad.options.microBatchSize = -1
        await #expect(throws: InferenceError.self) { try await measurer.answer(bad) }
        #expect(try await measurer.answer(good).promptSeconds.count == 1)
        measurer.end()
    }

    @Test(
        "is not believed when it says what cannot be",
        arguments: ["true", "negative", "zero", "tiny", "huge", "count", "nothing"])
    func untrue(kind: String) async throws {
        let fixture = try ProcessFixture(["liar", "measure-\(kind)"])
        defer { fixture.remove() }
        let measurer = try await start(.llama(), fixture)
        let question = SpeedQuestion(options: ProcessFixture.options(), promptTokenCount: 8, repetitionCount: 2)
        do {
            let answer = try await measurer.answer(question)
            #expect(kind == "true" && answer.promptSeconds == [1, 2])
        } catch InferenceError.workerFailed(let reason) {
            #expect(kind != "true" && reason.contains("durations that cannot be"), "\(reason)")
        }
    }

    @Test("fails clearly when its process dies, and leaves no process when it is let go")
    func death() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let measurer = try await start(.llama(), fixture)
        let pid = try #require(measurer.processIdentifier)
        let question = SpeedQuestion(
            options: ProcessFixture.options(), promptTokenCount: 400, depth: 100, repetitionCount: 100)
        async let answer = measurer.answer(question)
        kill(pid, SIGKILL)
        do {
            _ = try await answer
        } catch {
            guard case InferenceError.workerCrashed = error else { throw error }
        }
        // Whether its end was seen already or not, the reason is the same.
        for _ in 0..<20 {
            do {
                _ = try await measurer.answer(question)
                Issue.record("it answered")
            } catch {
                guard case InferenceError.workerCrashed = error else { throw error }
            }
        }
        #expect(try await eventually { ProcessFacts(pid: pid).isGone })

        let second = try await start(.llama(), fixture)
        let other = try #require(second.processIdentifier)
        second.end()
        #expect(try await eventually { ProcessFacts(pid: other).isGone })
    }

    @Test("ends its process when it is cancelled")
    func cancelled() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let measurer = try await start(.llama(), fixture)
        let pid = try #require(measurer.processIdentifier)
        let question = SpeedQuestion(
            options: ProcessFixture.options(), promptTokenCount: 400, depth: 100, repetitionCount: 100)
        let task = Task {
            while true { _ = try await measurer.answer(question) }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await eventually { ProcessFacts(pid: pid).isGone })
    }
}

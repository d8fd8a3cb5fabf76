import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Testing

@testable import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A worker that dies in the middle of a stream", .serialized)
struct ProcessDeathTests {
    enum Death: String, CaseIterable, Sendable {
        case segmentationFault, forbiddenCall, abort, kill, hang

        var signal: Int32 {
            switch self {
            case .segmentationFault: SIGSEGV
            case .forbiddenCall: SIGSYS
            case .abort: SIGABRT
            case .kill: SIGKILL
            case .hang: SIGSTOP
            }
        }

        /// A word of the message.
        var word: String {
            switch self {
            case .segmentationFault: "SIGSEGV"
            case .forbiddenCall: "SIGSYS"
            case .abort: "SIGABRT"
            case .kill: "SIGKILL"
            case .hang: "did not answer"
            }
        }
    }

    @Test("says so to its clients, leaves others alone, and comes back", arguments: Death.allCases)
    func death(_ death: Death) async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let victim = try await fixture.load(file, name: "victim", contextLength: 1 << 16)
        let other = try await fixture.load(file, name: "other", contextLength: 2048)
        let expected = try await victim.generate(.long(count: 16)).outcome().result.tokens
        let pid = try #require(victim.activity.processIdentifier)

        async let untouched = other.generate(.long(count: 1500)).outcome()
        var waiting: GenerationStream?
        let error = await #expect(throws: InferenceError.self) {
            for try await event in victim.generate(.long("The beginning")) {
                guard case .delta = event, waiting == nil else { continue }
                waiting = victim.generate(.long())
                kill(pid, death.signal)
            }
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(death.word), "\(text)")
        let second = await #expect(throws: InferenceError.self) {
            for try await _ in try #require(waiting) {}
        }
        #expect(second == error)
        #expect(try await untouched.result.tokens.count == 1500)

        #expect(try await victim.generate(.long(count: 16)).outcome().result.tokens == expected)
        let again = try #require(victim.activity.processIdentifier)
        #expect(again != pid)
        #expect(ProcessFacts(pid: pid).isGone)
        await victim.unload()
        await other.unload()
    }

    @Test("of hunger (RLIMIT_AS) says so, and comes back")
    func hunger() async throws {
        let file = try TinyModelFile(.llama())
        let sated = try ProcessFixture()
        defer { sated.remove() }
        let first = try await sated.load(file, contextLength: 1 << 16)
        _ = try await first.generate(.long(count: 5)).outcome()
        let facts = ProcessFacts(pid: try #require(first.activity.processIdentifier))
        let peak = try #require(facts.status("VmPeak").flatMap { UInt64($0.prefix { $0 != " " }) }) * 1024
        await first.unload()

        let fixture = try ProcessFixture { $0.addressSpaceByteLimit = peak + (96 << 20) }
        defer { fixture.remove() }
        let model = try await fixture.load(file, contextLength: 1 << 16)
        let pid = try #require(model.activity.processIdentifier)
        let meal = String(repeating: "many words ", count: 5 << 20)
        var eating: Task<Void, Never>?
        let error = await #expect(throws: InferenceError.self) {
            for try await event in model.generate(.long()) {
                guard case .delta = event, eating == nil else { continue }
                eating = Task { _ = try? await model.tokenize(meal) }
            }
        }
        guard case .workerCrashed(model: "tiny", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await eating?.value
        #expect(ProcessFacts(pid: pid).isGone)
        #expect(try await model.generate(.long(count: 5)).outcome().result.tokens.count == 5)
        await model.unload()
    }

    @Test("is started in a limit that is too small for it, and says so")
    func smallLimit() async throws {
        let fixture = try ProcessFixture { $0.addressSpaceByteLimit = 1 << 30 }
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        var options = ProcessFixture.options()
        options.contextLength = 1 << 24
        await #expect(throws: InferenceError.self) {
            _ = try await fixture.launcher.start(ModelFileSet(file.url), name: "tiny", options: options)
        }
    }

    @Test("again and again is started again after longer and longer pauses")
    func backoff() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        var pids: Set<Int32> = []
        for _ in 0..<3 {
            let tokens = try await model.generate(.long(count: 3)).outcome().result.tokens
            #expect(tokens.count == 3)
            let pid = try #require(model.activity.processIdentifier)
            #expect(pids.insert(pid).inserted)
            kill(pid, SIGKILL)
            // A request that comes before its death is known fails with it.
            let isNew = try await eventually { model.activity.processIdentifier.map { $0 != pid } ?? false }
            #expect(isNew)
        }
        await model.unload()
        #expect(pids.allSatisfy { ProcessFacts(pid: $0).isGone })
    }

    @Test("is not started again when it was unloaded meanwhile")
    func unloadedAfterDeath() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        let pid = try #require(model.activity.processIdentifier)
        kill(pid, SIGKILL)
        await model.unload()
        #expect(ProcessFacts(pid: pid).isGone)
        #expect(model.activity.processIdentifier == nil)
        await #expect(throws: InferenceError.unloaded) { _ = try await model.tokenize("Hi") }
    }
}

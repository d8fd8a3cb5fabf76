import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import Synchronization
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

@Suite("A worker that dies in the middle of a stream", .serialized)
struct ProcessDeathTests {
    /// How a worker may end.
    enum Death: String, CaseIterable, Sendable {
        case segmentationFault, forbiddenCall, abort, hunger, kill, hang

        /// What it is sent; `nil` where it ends by itself.
        var signal: Int32? {
            switch self {
            case .segmentationFault: SIGSEGV
            case .forbiddenCall: SIGSYS
            case .abort: SIGABRT
            case .hunger: nil
            case .kill: SIGKILL
            case .hang: SIGSTOP
            }
        }

        var name: String {
            switch self {
            case .segmentationFault: "SIGSEGV"
            case .forbiddenCall: "SIGSYS"
            case .abort: "SIGABRT"
            case .hunger: "RLIMIT_AS"
            case .kill: "SIGKILL"
            case .hang: "SIGSTOP"
            }
        }

        /// A word of the message.
        var word: String {
            switch self {
            case .segmentationFault, .forbiddenCall, .abort, .kill: name
            case .hunger: "worker of victim ended"
            case .hang: "did not answer"
            }
        }
    }

    /// The one bound of time in these tests: the product promises its clients an error within five seconds of a death,
    /// a hang included.
    private static let promise = Duration.seconds(5)
    /// Threads of its own for who waits, as other tests block those of the pool.
    private static let executor = WorkerExecutor(threadCount: 2)

    @Test("says so to its clients in time, leaves others alone, and comes back", arguments: Death.allCases)
    func death(_ death: Death) async throws {
        try await withTaskExecutorPreference(Self.executor) { try await endure(death) }
    }

    private func endure(_ death: Death) async throws {
        let file = try TinyModelFile(.llama())
        let byteLimit = try await death == .hunger ? Self.peakByteCount(file) + (96 << 20) : nil
        let fixture = try ProcessFixture {
            $0.addressSpaceByteLimit = byteLimit
            // The product's, which is part of the promise.
            if death == .hang { $0.silenceLimit = WorkerProgram(executable: $0.executable, version: "").silenceLimit }
        }
        defer { fixture.remove() }
        let victim = try await fixture.load(file, name: "victim", contextLength: 1 << 16)
        let other = try await fixture.load(file, name: "other", contextLength: 2048)
        let expected = try await victim.generate(.long(count: 16)).outcome().result.tokens
        let pid = try #require(victim.activity.processIdentifier)

        let bystander = try await Bystander(other)
        let clock = RunningClock()
        defer { clock.stop() }
        var waiting: GenerationStream?
        var struck = clock.now
        var end: Task<ContinuousClock.Instant, any Error>?
        let error = await #expect(throws: InferenceError.self) {
            for try await event in victim.generate(.endless("The beginning")) {
                guard case .delta = event, waiting == nil else { continue }
                waiting = victim.generate(.endless())
                struck = clock.now
                if let signal = death.signal {
                    kill(pid, signal)
                } else {
                    end = Task(executorPreference: Self.executor) {
                        async let eaten: Void = Self.feed(victim, pid)
                        while ProcessFacts(pid: pid).isAlive { try await Task.sleep(for: .milliseconds(1)) }
                        let ended = clock.now
                        try await eaten
                        return ended
                    }
                }
            }
        }
        let told = clock.now
        let delay = try await max(.zero, told - (end?.value ?? struck))
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(death.word), "\(text)")
        let second = await #expect(throws: InferenceError.self) {
            for try await _ in try #require(waiting) {}
        }
        #expect(second == error)

        #expect(try await victim.generate(.long(count: 16)).outcome().result.tokens == expected)
        let pause = clock.now - told
        let again = try #require(victim.activity.processIdentifier)
        #expect(again != pid)
        #expect(ProcessFacts(pid: pid).isGone)
        let streamCount = try await bystander.finish()
        #expect(streamCount > 0)
        let (waited, paused) = (Int(delay / .milliseconds(1)), Int(pause / .milliseconds(1)))
        print(
            "\(death.name) | error after \(waited) ms | next answer, of a new worker, \(paused) ms later | "
                + "\(streamCount) streams of another model went on to their ends | \(text)")
        // A sanitizer makes this process, which looks, ten times slower, and that is no case of the promise.
        if !ProcessFixture.isSanitized { #expect(delay < Self.promise) }
        await victim.unload()
        await other.unload()
    }

    /// Gives a worker more than its limit leaves it room for, which may take a while to be too much.
    private static func feed(_ victim: WorkerModel, _ pid: Int32) async throws {
        let meal = String(repeating: "many words ", count: 5 << 20)
        while ProcessFacts(pid: pid).isAlive {
            do {
                _ = try await victim.tokenize(meal)
            } catch InferenceError.workerFailed {
                // It takes nothing large while something else waits to be sent.
                try await Task.sleep(for: .milliseconds(1))
            } catch is InferenceError {
                return
            }
        }
    }

    /// A clock that stands still while the machine keeps a thread here from running that should.
    private final class RunningClock: Sendable {
        private struct State {
            var lost = Duration.zero
            var due = ContinuousClock.now
            var isOver = false
        }

        private static let step = Duration.milliseconds(10)
        private let state = Mutex(State())

        init() {
            Thread.detachNewThread { [self] in
                while wake() { Thread.sleep(forTimeInterval: Self.step / .seconds(1)) }
            }
        }

        var now: ContinuousClock.Instant {
            state.withLock { state in
                let now = ContinuousClock.now
                return now - state.lost - max(.zero, now - state.due)
            }
        }

        func stop() { state.withLock { $0.isOver = true } }

        private func wake() -> Bool {
            state.withLock { state in
                let now = ContinuousClock.now
                state.lost += max(.zero, now - state.due)
                state.due = now + Self.step
                return !state.isOver
            }
        }
    }

    /// Streams of another model, one after another: each has to go on to its end, with its own tokens.
    private struct Bystander {
        private let task: Task<Int, any Error>
        private let isOver = Flag()

        init(_ model: WorkerModel) async throws {
            var request = GenerationRequest.long(count: 1500)
            // From its beginning each time, so that the tokens are the same.
            request.usesPrefixCache = false
            let expected = try await model.generate(request).outcome().result.tokens
            task = Task { [isOver, request] in
                var count = 0
                repeat {
                    let tokens = try await model.generate(request).outcome().result.tokens
                    try #require(tokens == expected && tokens.count == 1500)
                    count += 1
                } while !isOver.isSet
                return count
            }
        }

        /// The streams that there were, when the last one has ended.
        func finish() async throws -> Int {
            isOver.set()
            return try await task.value
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }

    /// Address space that a worker takes which serves `file`.
    private static func peakByteCount(_ file: TinyModelFile) async throws -> UInt64 {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let model = try await fixture.load(file, contextLength: 1 << 16)
        _ = try await model.generate(.long(count: 5)).outcome()
        let facts = ProcessFacts(pid: try #require(model.activity.processIdentifier))
        let peak = try #require(facts.status("VmPeak").flatMap { UInt64($0.prefix { $0 != " " }) })
        await model.unload()
        return peak * 1024
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

import EngineFixtures
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

@Suite("The log of a worker", .serialized)
struct ProcessLogTests {
    @Test("has what the engine said, with the file's name, and no prompt")
    func content() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama(chatTemplate: TinyModel.chatML))
        let model = try await fixture.load(file, name: "a/b:c")
        let canary = "canary-7f3a"
        _ = try await model.generate(.long(canary, count: 4)).outcome()
        _ = try await model.chat([.user(canary)], options: .fixed(4)).outcome()
        var options = GenerationOptions.greedy
        options.format = .grammar("root ::= (\"\(canary)\"")
        await #expect(throws: InferenceError.self) { _ = try await model.generate("Hi", options: options).outcome() }
        await model.unload()
        let log = try fixture.log("a/b:c")
        #expect(log.contains { $0.contains("llama_model_loader") })
        #expect(log.contains { $0.contains("ended: The model was unloaded") })
        #expect(!log.contains { $0.contains(canary) })
        #expect(!log.contains { $0.contains("/proc/self/fd") })
        let attributes = try FileManager.default.attributesOfItem(
            atPath: fixture.folder.appending(path: "logs/a%2Fb%3Ac.log").path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("says why the worker died")
    func death() async throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = try TinyModelFile(.llama())
        let model = try await fixture.load(file)
        kill(try #require(model.activity.processIdentifier), SIGSEGV)
        #expect(try await eventually { try fixture.log().contains { $0.contains("SIGSEGV") } })
        await model.unload()
    }

    @Test("escapes control characters and does not grow without end")
    func rotation() throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = WorkerLogFile(folder: fixture.folder, model: "m")
        let log = WorkerLog(file: file.url) { $0 }
        log.note("a\u{1B}[31m\rb\u{9B}c")
        #expect(try file.lines(last: 1).lines.map(\.text) == ["a\\u{1b}[31m\\u{d}b\\u{9b}c"])
        let line = String(repeating: "x", count: 1000)
        for index in 0..<4000 { log.note("\(index) \(line)") }
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).sorted()
        #expect(files == ["m.log", "m.log.1"])
        for name in files {
            let path = fixture.folder.appending(path: name).path
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            #expect(try #require(size) < WorkerLog.byteLimit + 4096)
        }
        let numbers = try file.lines(last: 1200).lines.compactMap { Int($0.text.prefix { $0 != " " }) }
        #expect(numbers == Array(2800..<4000))
    }

    @Test("is followed over a rotation")
    func following() throws {
        let fixture = try ProcessFixture()
        defer { fixture.remove() }
        let file = WorkerLogFile(folder: fixture.folder, model: "m")
        let log = WorkerLog(file: file.url) { $0 }
        log.note("first")
        var (lines, end) = try file.lines(last: nil)
        #expect(lines.map(\.text) == ["first"])
        log.note("second")
        (lines, end) = try file.lines(after: end)
        #expect(lines.map(\.text) == ["second"])
        #expect(try file.lines(after: end).lines.isEmpty)
        try Data("2026-01-01T00:00:00Z anew\n".utf8).write(to: file.url)
        #expect(try file.lines(after: end).lines.map(\.text) == ["anew"])
    }
}

@Suite("The watch on a worker")
struct WorkerWatchTests {
    private let program = WorkerProgram(executable: URL(fileURLWithPath: "/nothing"), version: "test")
    private let start = SuspendingClock.now

    private func watch(_ looks: [(at: Double, heard: WorkerFrame.Kind?, tokens: Int64)], streams: Bool) -> [Int?] {
        var watch = WorkerWatch(program: program, startLimit: .seconds(60), now: start)
        return looks.map { look in
            let now = start + .seconds(look.at)
            if let kind = look.heard { watch.heard(kind, now: now) }
            var activity = ModelActivity()
            activity.generatedTokenCount = look.tokens
            return watch.silence(activity, hasStreams: streams, now: now)
        }
    }

    @Test("ends one that is silent, and leaves one that starts slowly")
    func silence() {
        let quiet = stride(from: 0.0, through: 30, by: 0.5).map {
            (at: $0, heard: WorkerFrame.Kind?.none, tokens: Int64(0))
        }
        #expect(watch(quiet, streams: false).allSatisfy { $0 == nil })
        var looks = quiet
        looks[0].heard = .heartbeat
        let answers = watch(looks, streams: false)
        #expect(answers.firstIndex { $0 != nil } == 9)
        #expect(answers[9] == 4)
    }

    @Test("does not blame the worker when this process slept")
    func pause() {
        let looks: [(at: Double, heard: WorkerFrame.Kind?, tokens: Int64)] = [
            (0, .heartbeat, 0), (0.5, nil, 0), (100, nil, 0), (100.5, .heartbeat, 0), (101, nil, 0),
        ]
        #expect(watch(looks, streams: false).allSatisfy { $0 == nil })
    }

    @Test("takes a living process with an engine that stands still for a hang, after long")
    func stall() {
        let looks = stride(from: 0.0, through: 700, by: 0.5).map {
            (at: $0, heard: WorkerFrame.Kind?.some(.heartbeat), tokens: Int64(0))
        }
        #expect(watch(looks, streams: false).allSatisfy { $0 == nil })
        #expect(watch(looks, streams: true).firstIndex { $0 != nil } == 1201)
        let working = looks.enumerated().map { (at: $1.at, heard: $1.heard, tokens: Int64($0)) }
        #expect(watch(working, streams: true).allSatisfy { $0 == nil })
    }
}

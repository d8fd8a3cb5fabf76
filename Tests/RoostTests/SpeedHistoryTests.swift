import Foundation
import ModelFixtures
import Testing

@testable import Roost

/// Speeds of answers over time.
@Suite("Speed history")
struct SpeedHistoryTests {
    @Test("A fall is told when the last answers are far below those before, and only then")
    func trend() throws {
        #expect(SpeedTrend([50, 50, 50, 50, 20, 20, 20]) == nil, "too few")
        #expect(try #require(SpeedTrend([50, 51, 49, 50, 52, 30, 31, 29])).hasFallen)
        #expect(
            try #require(SpeedTrend([50, 51, 49, 50, 52, 48, 31, 49])).hasFallen == false, "one slow answer is none")
        #expect(try #require(SpeedTrend([50, 51, 49, 50, 52, 40, 41, 42])).hasFallen == false, "20 % come and go")
        #expect(try #require(SpeedTrend([20, 20, 20, 20, 20, 50, 50, 50])).hasFallen == false)
        #expect(SpeedTrend([.nan, 0, -1, .infinity, 5, 5, 5, 5, 5, 5, 5]) == nil, "what is no speed does not count")
        let trend = try #require(SpeedTrend([10, 20, 30, 40, 50, 1, 3, 2]))
        #expect(trend.earlier == 30)
        #expect(trend.recent == 2)
    }

    /// An answer of 100 tokens at a speed.
    private func answer(_ tokensPerSecond: Double) -> AnswerSpeed {
        AnswerSpeed(
            tokensPerSecond: tokensPerSecond, promptTokensPerSecond: 1, promptTokenCount: 10, completionTokenCount: 100,
            acceptedDraftTokenCount: 0)
    }

    @Test("Speeds outlive the process that measured them; a model that has become slow is named")
    func keeps() async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-speed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let file = try TinyModelFile(.llama())
        let manager = try await ModelManager(configuration: RoostConfiguration(homeDirectory: home))
        let record = try await manager.importModel(at: file.url, as: "tiny")
        /// Each as a process of its own would, for each keeps one answer in half a minute.
        func take(_ speeds: [AnswerSpeed], isAlone: Bool = true) async {
            for speed in speeds {
                await SpeedHistory(
                    store: manager.store, tunings: manager.tunings, broadcast: EventBroadcast(diskPaths: [])
                )
                .take(speed, of: record, isAlone: isAlone)
            }
        }
        await take([50, 51, 49, 50, 52].map(answer))
        #expect(try await manager.speedWarnings().isEmpty)
        await take([20, 21, 19].map(answer))
        // Beside others, by speculation, too short or after much: says nothing of the machine.
        await take([answer(500), answer(501)], isAlone: false)
        var others = [answer(502), answer(503), answer(504)]
        others[0].acceptedDraftTokenCount = 5
        others[1].completionTokenCount = 10
        others[2].promptTokenCount = 5000
        await take(others)
        let later = try await ModelManager(configuration: RoostConfiguration(homeDirectory: home))
        let warnings = try await later.speedWarnings()
        #expect(warnings.map(\.subject) == ["tiny"], "\(warnings)")
        #expect(warnings.first?.message.contains("20.0") == true, "\(warnings)")
        await manager.shutdown()
        await later.shutdown()
    }

    @Test("A listener is told when a model becomes slow, and when it is itself again")
    func tells() async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "roost-speed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        let file = try TinyModelFile(.llama())
        let manager = try await ModelManager(configuration: RoostConfiguration(homeDirectory: home))
        let record = try await manager.importModel(at: file.url, as: "tiny")
        for speed in [50.0, 51, 49, 50, 52, 20, 21] {
            await SpeedHistory(store: manager.store, tunings: manager.tunings, broadcast: EventBroadcast(diskPaths: []))
                .take(answer(speed), of: record, isAlone: true)
        }
        let broadcast = EventBroadcast(diskPaths: [])
        var events = broadcast.listen().makeAsyncIterator()
        await SpeedHistory(store: manager.store, tunings: manager.tunings, broadcast: broadcast).take(
            answer(19), of: record, isAlone: true)
        while let event = await events.next() {
            // This machine's own health may be told too.
            guard case .health(.began(let warning)) = event, warning.kind == .speed else { continue }
            #expect(warning.subject == "tiny")
            break
        }
        broadcast.finish()
        // Nothing more of the model; what was told of the machine meanwhile does not count.
        while let event = await events.next() {
            switch event {
            case .health(.began(let warning)), .health(.ended(let warning)): #expect(warning.kind != .speed)
            case .loadRetreat, .engine: Issue.record("\(event)")
            }
        }
        await manager.shutdown()
    }
}

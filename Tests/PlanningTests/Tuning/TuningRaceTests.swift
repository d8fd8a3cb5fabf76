import Inference
import Planning
import Testing

@Suite("A race of settings")
struct TuningRaceTests {
    /// Runs a race to its end; `speed` gives what a candidate reaches in its n-th run of all runs.
    private func run(
        _ count: Int, runs limit: Int = .max, speed: (_ candidate: Int, _ run: Int) -> Double?
    ) -> (race: TuningRace, verdict: TuningVerdict, runs: [Int]) {
        var race = TuningRace(candidateCount: count)
        var runs: [Int] = []
        while true {
            switch race.next(affordableRunCount: max(0, limit - runs.count)) {
            case .done(let verdict): return (race, verdict, runs)
            case .run(let order):
                for candidate in order {
                    race.record(speed(candidate, runs.count), of: candidate)
                    runs.append(candidate)
                }
            }
        }
    }

    /// Noise of a few percent that is always the same.
    private func noise(_ run: Int, _ share: Double) -> Double { 1 + share * (Double((run &* 7919) % 101) / 50 - 1) }

    @Test("finds the fastest of many and gives most runs to those that matter")
    func fastest() {
        let speeds = [100.0, 60, 140, 90, 110, 30]
        let result = run(6) { speeds[$0] * noise($1, 0.02) }
        #expect(result.verdict.winner == 2 && result.verdict.outcome == .faster)
        #expect((result.verdict.ratio?.estimate).map { abs($0 - 1.4) < 0.05 } == true)
        let counts = (0..<6).map { candidate in result.runs.filter { $0 == candidate }.count }
        #expect(counts[5] == 2 && counts[1] == 2, "\(counts)")
        #expect(counts[2] > 2 * counts[5])
        #expect(result.runs.count < 50)
    }

    @Test("tells how many runs it takes when it is decided as soon as it can be", arguments: 1...7)
    func expectedRunCount(candidateCount: Int) {
        let result = run(candidateCount) { candidate, _ in 100 - Double(candidate) * 10 }
        #expect(result.runs.count == TuningRace.expectedRunCount(candidateCount: candidateCount))
    }

    @Test("goes on where time ended it, before its first run too, once there is time again", arguments: [2, 4])
    func goesOn(candidateCount: Int) {
        var race = TuningRace(candidateCount: candidateCount)
        var runCount = 0
        func go(_ limit: Int) -> TuningVerdict? {
            while case .run(let order) = race.next(affordableRunCount: max(0, limit - runCount)) {
                for candidate in order { race.record(candidate == 1 ? 120 : 100, of: candidate) }
                runCount += order.count
            }
            guard case .done(let verdict) = race.next(affordableRunCount: 0) else { return nil }
            return verdict
        }
        #expect(go(4)?.outcome == .noTime)
        let verdict = go(100)
        #expect(verdict?.outcome == .faster && verdict?.winner == 1)
        #expect(runCount == TuningRace.expectedRunCount(candidateCount: candidateCount))
    }

    @Test("keeps the default when others are not faster by more than 3 %", arguments: [0.5, 0.97, 1, 1.02])
    func notFaster(ratio: Double) {
        let result = run(3) { ($0 == 0 ? 100 : 100 * ratio) * noise($1, 0.005) }
        #expect(result.verdict.winner == 0 && result.verdict.outcome == .notFaster, "\(result.verdict)")
    }

    @Test("keeps the default when noise leaves it open")
    func uncertain() {
        // Pairs of which six say half as fast and nine say twice as fast.
        var pair = 0
        let result = run(2) { candidate, run in
            defer { if run % 2 == 1 { pair += 1 } }
            guard candidate == 1 else { return 100 }
            return [200, 50, 200, 50, 200, 50, 200, 50, 200, 50, 200, 50, 200, 200, 200][min(pair, 14)]
        }
        #expect(result.verdict.winner == 0 && result.verdict.outcome == .uncertain, "\(result.verdict)")
        #expect(result.verdict.ratio?.pairCount == 15)
    }

    @Test("is not deceived by a machine that becomes slower and slower")
    func drift() {
        let same = run(4) { _, run in 1000 - 5 * Double(run) }
        #expect(same.verdict.winner == 0, "\(same.verdict)")
        let faster = run(4) { ($0 == 3 ? 1.2 : 1) * (1000 - 5 * Double($1)) }
        #expect(faster.verdict.winner == 3, "\(faster.verdict)")
    }

    @Test("decides by pairs that were not used to choose the candidate")
    func freshSamples() {
        // Lucky while it is chosen, as the default afterwards.
        let result = run(5) { candidate, run in candidate == 1 && run < 20 ? 150 : 100 }
        #expect(result.race.samples[1].contains(150))
        #expect(result.verdict.winner == 0, "\(result.verdict)")
        #expect(!result.race.finalSamples.default.isEmpty)
    }

    @Test("alternates who is first in the pairs of the final")
    func order() {
        let result = run(2) { candidate, run in candidate == 0 ? 100 : 200 * noise(run, 0.01) }
        #expect(Array(result.runs.prefix(8)) == [0, 1, 1, 0, 0, 1, 1, 0])
        #expect(result.verdict.ratio?.pairCount == 7)
    }

    @Test("leaves out what cannot be run", arguments: [1, 2])
    func failing(candidate: Int) {
        let result = run(3) { contender, _ in contender == candidate ? nil : 100 + 20 * Double(contender) }
        #expect(result.verdict.winner == 3 - candidate)
        #expect(run(3) { contender, _ in contender == 0 ? 100 : nil }.verdict == .init(outcome: .onlyCandidate))
        #expect(run(1) { _, _ in 100 }.verdict == .init(outcome: .onlyCandidate))
        #expect(run(1) { _, _ in 100 }.runs.isEmpty)
    }

    @Test("says that there was no time, and never takes more than it was given", arguments: 0...60)
    func time(limit: Int) {
        let speeds = [100.0, 60, 140, 90, 110, 30]
        let result = run(6, runs: limit) { speeds[$0] * noise($1, 0.02) }
        #expect(result.runs.count <= limit)
        if limit < 10 { #expect(result.verdict.outcome == .noTime && result.verdict.winner == 0) }
        if limit >= 16 { #expect(result.verdict.winner == 2, "\(result.verdict)") }
        if result.verdict.winner != 0 { #expect((result.verdict.ratio?.pairCount ?? 0) >= 5) }
    }
}

extension TuningVerdict {
    init(outcome: Outcome) { self.init(winner: 0, challenger: nil, ratio: nil, outcome: outcome) }
}

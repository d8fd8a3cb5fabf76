import Testing

@testable import Downloads

@Suite struct ScheduleTests {
    private let map = BlockMap(byteCount: 1600, blockByteCount: 10)  // 160 blocks

    @Test func runsBeginAtTheFrontierAndEndAtPieces() {
        var schedule = RunSchedule(blocksPerPiece: 16, maximumPieceCount: 4)
        #expect(schedule.assign(to: 0, map: map, workerCount: 2, now: .zero) == 0..<32)
        #expect(schedule.assign(to: 1, map: map, workerCount: 2, now: .zero) == 32..<64)
        #expect(schedule.assign(to: 0, map: map, workerCount: 2, now: .zero) == nil, "a worker has one run")
    }

    @Test func whatHasLandedIsLeftOut() {
        var map = map
        for block in [0, 1, 5] { map.land(block, checksum: 0) }
        var schedule = RunSchedule(blocksPerPiece: 160, maximumPieceCount: 1)
        #expect(schedule.assign(to: 0, map: map, workerCount: 1, now: .zero) == 2..<5)
        #expect(schedule.assign(to: 1, map: map, workerCount: 1, now: .zero) == 6..<160)
    }

    @Test func anIdleWorkerTakesHalfOfTheLargestRest() {
        var schedule = RunSchedule(blocksPerPiece: 160, maximumPieceCount: 1)
        #expect(schedule.assign(to: 0, map: map, workerCount: 4, now: .zero) == 0..<160)
        #expect(schedule.assign(to: 1, map: map, workerCount: 4, now: .zero) == 80..<160)
        #expect(schedule.runs[0]?.end == 80)
        #expect(schedule.assign(to: 2, map: map, workerCount: 4, now: .zero) == 40..<80)
    }

    @Test func aFrontierThatFallsBehindIsHelpedOn() {
        var map = map
        var schedule = RunSchedule(blocksPerPiece: 4, maximumPieceCount: 4)
        #expect(schedule.assign(to: 0, map: map, workerCount: 1, now: .zero) == 0..<16)
        for block in 16..<48 { map.land(block, checksum: 0) }
        #expect(schedule.assign(to: 1, map: map, workerCount: 2, now: .zero) == 48..<64, "8 pieces are no lag yet")
        map.land(100, checksum: 0)
        #expect(schedule.assign(to: 2, map: map, workerCount: 4, now: .zero) == 8..<16)
        #expect(schedule.runs[0]?.end == 8)
        #expect(schedule.assign(to: 3, map: map, workerCount: 4, now: .zero) == 4..<8)
        #expect(schedule.assign(to: 4, map: map, workerCount: 9, now: .zero) == 2..<4)
        #expect(schedule.assign(to: 5, map: map, workerCount: 9, now: .zero) == 1..<2)
        #expect(schedule.assign(to: 6, map: map, workerCount: 9, now: .seconds(1)) == 64..<68, "it may be coming")
        #expect(schedule.assign(to: 7, map: map, workerCount: 9, now: .seconds(3)) == 0..<1, "it crawls")
        #expect(schedule.assign(to: 8, map: map, workerCount: 9, now: .seconds(9)) == 68..<72, "once is enough")
    }

    @Test func aCrawlingLastBlockIsRepeatedOnce() {
        let map = BlockMap(byteCount: 10, blockByteCount: 10)
        var schedule = RunSchedule(blocksPerPiece: 1, maximumPieceCount: 1)
        #expect(schedule.assign(to: 0, map: map, workerCount: 4, now: .zero) == 0..<1)
        #expect(schedule.assign(to: 1, map: map, workerCount: 4, now: .seconds(1)) == nil)
        #expect(schedule.assign(to: 1, map: map, workerCount: 4, now: .seconds(3)) == 0..<1)
        #expect(schedule.assign(to: 2, map: map, workerCount: 4, now: .seconds(9)) == nil)
    }

    @Test func aReleasedRunIsGivenToAnother() {
        var schedule = RunSchedule(blocksPerPiece: 16, maximumPieceCount: 1)
        #expect(schedule.assign(to: 0, map: map, workerCount: 1, now: .zero) == 0..<16)
        let goesOn = schedule.advance(0, past: 0, now: .zero)
        #expect(goesOn)
        schedule.release(0)
        #expect(schedule.assign(to: 1, map: map, workerCount: 1, now: .zero) == 0..<16)
    }

    /// Whatever order workers come and go in, every block is fetched, and no run reaches into another.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func everyBlockIsFetched(_ seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var map = BlockMap(byteCount: 995, blockByteCount: 10)
        var schedule = RunSchedule(blocksPerPiece: 8, maximumPieceCount: 4)
        var steps = 0
        while !map.isComplete, steps < 100_000 {
            steps += 1
            let worker = random(6)
            guard let run = schedule.runs[worker] else {
                _ = schedule.assign(to: worker, map: map, workerCount: 6, now: .seconds(steps))
                let claims = schedule.runs.values.filter { !$0.isRepetition }.map { $0.next..<$0.end }
                    .sorted { $0.lowerBound < $1.lowerBound }
                for (left, right) in zip(claims, claims.dropFirst()) { #expect(left.upperBound <= right.lowerBound) }
                continue
            }
            if random(10) == 0 {
                schedule.release(worker)
            } else {
                map.land(run.next, checksum: 1)
                _ = schedule.advance(worker, past: run.next, now: .seconds(steps))
            }
        }
        #expect(map.isComplete)
    }

    @Test func connectionsGrowWhileTheRateDoes() {
        var governor = ConnectionGovernor(initial: 4, maximum: 16)
        for _ in 0..<3 { governor.observe(100, activeCount: 4) }
        #expect(governor.target == 8)
        for _ in 0..<9 { governor.observe(100, activeCount: 7) }
        #expect(governor.target == 8, "the eighth does not carry bytes yet")
        for _ in 0..<3 { governor.observe(200, activeCount: 8) }
        #expect(governor.target == 16)
        for _ in 0..<20 { governor.observe(400, activeCount: 16) }
        #expect(governor.target == 16)
    }

    @Test func aStepThatBringsNothingIsTakenBack() {
        var governor = ConnectionGovernor(initial: 4, maximum: 16)
        for _ in 0..<10 { governor.observe(100, activeCount: governor.target) }
        #expect(governor.target == 4)
    }

    @Test func refusalsHalveAtMostOnceASecondDownToOne() {
        var governor = ConnectionGovernor(initial: 16, maximum: 16)
        for _ in 0..<5 { governor.askedForLess(now: .seconds(1)) }
        #expect(governor.target == 8)
        for second in 2..<9 { governor.askedForLess(now: .seconds(second)) }
        #expect(governor.target == 1)
    }

    @Test func aCollapseHalves() {
        var governor = ConnectionGovernor(initial: 16, maximum: 16)
        for _ in 0..<5 { governor.observe(1000, activeCount: 16) }
        for _ in 0..<16 { governor.observe(100, activeCount: 16) }
        #expect(governor.target == 8)
    }
}

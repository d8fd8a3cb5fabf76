import Testing

@testable import Workers

@Suite("Who goes when memory is needed")
struct EvictionPlanTests {
    private func candidate(
        _ key: String, gibibytes: Double = 1, idle: Double = 10, left: Double = 300, isInUse: Bool = false
    ) -> EvictionPlan.Candidate {
        EvictionPlan.Candidate(
            key: key, byteCount: Int64(gibibytes * 1_073_741_824), idleSeconds: idle, secondsLeft: left,
            isInUse: isInUse)
    }

    private func victims(_ candidates: [EvictionPlan.Candidate], gibibytes: Double = 0, count: Int = 0) -> [String]? {
        EvictionPlan.victims(candidates, byteCount: Int64(gibibytes * 1_073_741_824), count: count)
    }

    @Test("The longest unused goes before the others")
    func recency() {
        #expect(victims([candidate("new", idle: 1), candidate("old", idle: 90)], gibibytes: 1) == ["old"])
    }

    @Test("One that would expire soon goes before one that is to stay")
    func keepAlive() {
        let candidates = [candidate("stays", left: .infinity), candidate("leaves", left: 2)]
        #expect(victims(candidates, gibibytes: 1) == ["leaves"])
    }

    @Test("Of two alike the one goes that is loaded again sooner")
    func size() {
        let candidates = [candidate("large", gibibytes: 8), candidate("small", gibibytes: 1)]
        #expect(victims(candidates, count: 1) == ["small"])
    }

    @Test("No more go than it takes: a small one stays when a large one has to go in any case")
    func minimal() {
        let candidates = [
            candidate("small", gibibytes: 1, idle: 1000), candidate("large", gibibytes: 8, idle: 1),
        ]
        #expect(victims(candidates, gibibytes: 6) == ["large"])
        #expect(victims(candidates, gibibytes: 1) == ["small"])
        #expect(victims(candidates, gibibytes: 9) == ["small", "large"])
    }

    @Test("Idle models go before any that is used, even if they are worth more")
    func used() {
        let candidates = [
            candidate("used", idle: 9000, left: 1, isInUse: true), candidate("idle", gibibytes: 4, left: .infinity),
        ]
        #expect(victims(candidates, gibibytes: 1) == ["idle"])
        #expect(victims(candidates, gibibytes: 5) == ["idle", "used"])
    }

    @Test("When all together are not enough, nobody goes")
    func impossible() {
        #expect(victims([candidate("a"), candidate("b")], gibibytes: 3) == nil)
        #expect(victims([candidate("a")], count: 2) == nil)
        #expect(victims([]) == [])
    }
}

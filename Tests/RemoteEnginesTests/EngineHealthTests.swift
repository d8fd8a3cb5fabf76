import Testing

@testable import RemoteEngines

@Suite struct EngineHealthTests {
    private let start = ContinuousClock.now

    private func policy() -> BackoffPolicy {
        var policy = BackoffPolicy()
        policy.jitter = 0
        return policy
    }

    private func down(_ count: Int = 1) -> (EngineHealth, ContinuousClock.Instant) {
        var health = EngineHealth(failureLimit: 3, backoff: policy())
        var random = SeededNumbers(1)
        var now = start
        for round in 0..<count {
            for _ in 0..<(round == 0 ? 3 : 1) { health.failed(.check, now: now, using: &random) }
            if case .down(let until) = health.state { now = until }
        }
        return (health, now)
    }

    @Test func `one failure does not take an engine down, three in a row do`() {
        var health = EngineHealth(failureLimit: 3, backoff: policy())
        var random = SeededNumbers(1)
        health.succeeded(.check)
        health.failed(.request, now: start, using: &random)
        #expect(health.state == .failing(count: 1))
        #expect(health.isOpen)
        health.succeeded(.request)
        #expect(health.state == .up)
        for count in 1...2 {
            health.failed(.request, now: start, using: &random)
            #expect(health.state == .failing(count: count))
        }
        health.failed(.request, now: start, using: &random)
        #expect(health.state == .down(until: start + .seconds(1)))
        #expect(!health.isOpen)
    }

    @Test func `it is left alone twice as long each time, and never longer than the limit`() {
        for (count, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (40, 30)] {
            let (health, until) = down(count)
            guard case .down(let end) = health.state else {
                Issue.record("it is \(health.state)")
                continue
            }
            #expect(end == until)
            var other = health
            other.update(now: end - .milliseconds(1))
            #expect(!other.isOpen)
            other.update(now: end)
            #expect(other.state == .halfOpen)
            var random = SeededNumbers(3)
            let wait = health.backoff.wait(count, using: &random)
            #expect(wait == .seconds(seconds))
        }
    }

    @Test func `waits differ by at most a fifth`() {
        let policy = BackoffPolicy()
        var random = SeededNumbers(9)
        let waits = (0..<1000).map { _ in policy.wait(3, using: &random) / .seconds(1) }
        #expect(waits.allSatisfy { (3.2...4.8).contains($0) })
        #expect((waits.min() ?? 0) < 3.3 && (waits.max() ?? 0) > 4.7)
    }

    @Test func `after its time one trial decides`() {
        var (health, now) = down()
        health.update(now: now)
        #expect(health.isOpen)
        health.beganTrial()
        #expect(!health.isOpen)
        var failing = health
        var numbers = SeededNumbers(1)
        failing.failed(.request, now: now, using: &numbers)
        #expect(failing.state == .down(until: now + .seconds(2)))
        health.succeeded(.request)
        #expect(health.state == .up)
        #expect(health.downCount == 0)
    }

    @Test func `a trial that was given up lets the next one begin`() {
        var (health, now) = down()
        health.update(now: now)
        health.beganTrial()
        health.abandonedTrial()
        #expect(health.isOpen)
    }

    @Test func `an engine that answers questions and fails at requests is up only after a request`() {
        var health = EngineHealth(failureLimit: 2, backoff: policy())
        var numbers = SeededNumbers(1)
        health.succeeded(.check)
        for _ in 0..<2 { health.failed(.request, now: start, using: &numbers) }
        health.update(now: start + .seconds(1))
        health.succeeded(.check)
        #expect(health.state == .halfOpen)
        health.succeeded(.request)
        #expect(health.state == .up)
    }

    @Test func `any order of events leaves a state that can be left again`() {
        var numbers = SeededNumbers(42)
        for _ in 0..<200 {
            var health = EngineHealth(failureLimit: Int.random(in: 1...4, using: &numbers))
            var now = start
            for _ in 0..<60 {
                switch Int.random(in: 0..<6, using: &numbers) {
                case 0: health.succeeded(.check)
                case 1: health.succeeded(.request)
                case 2: health.failed(.check, now: now, using: &numbers)
                case 3: health.failed(.request, now: now, using: &numbers)
                case 4: health.beganTrial()
                default: now += .seconds(Int.random(in: 0...40, using: &numbers))
                }
                health.update(now: now)
                if case .failing(let count) = health.state { #expect(count < health.failureLimit) }
                if case .down(let until) = health.state { #expect(until > now && until <= now + .seconds(36)) }
            }
            now += .seconds(60)
            health.update(now: now)
            #expect(health.state != .down(until: now))
            health.succeeded(.request)
            #expect(health.state == .up && health.isOpen)
        }
    }
}

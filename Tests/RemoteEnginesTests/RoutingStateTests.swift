import Foundation
import Testing

@testable import RemoteEngines

@Suite struct RoutingStateTests {
    private let now = ContinuousClock.now

    private func state(_ engines: [RemoteEngine], lists: [[String]?], seed: UInt64 = 5) -> RoutingState {
        var state = RoutingState(engines, random: SeededNumbers(seed))
        for (index, list) in lists.enumerated() {
            guard let list else { continue }
            _ = state.checked(
                index, kind: .openAI, models: list.map { RemoteModelFacts(name: $0) }, latency: .zero, at: Date())
        }
        return state
    }

    private func engine(_ name: String, weight: Int = 1, priority: Int = 100, models: [String] = []) throws
        -> RemoteEngine
    {
        try .at("http://127.0.0.1:1", name: name) {
            $0.weight = weight
            $0.priority = priority
            $0.models = ModelMapping(try models.map { try ModelMapping.Rule(parsing: $0) })
        }
    }

    private func draws(_ state: inout RoutingState, _ count: Int, model: String = "m") throws -> [String: Int] {
        let route = try #require(state.route(model))
        var counts: [String: Int] = [:]
        for _ in 0..<count {
            let lease = try state.lease(route, now: now)
            counts[lease.model.engine, default: 0] += 1
            _ = state.end(lease, .answered, now: now)
        }
        return counts
    }

    @Test func `without load 10,000 requests are shared by weight`() throws {
        var state = state(
            try [engine("a", weight: 3), engine("b"), engine("c", weight: 6)], lists: [["m"], ["m"], ["m"]])
        let counts = try draws(&state, 10_000)
        for (name, share) in [("a", 0.3), ("b", 0.1), ("c", 0.6)] {
            // Four standard deviations of a binomial distribution.
            let bound = 4 * (10_000 * share * (1 - share)).squareRoot()
            #expect(abs(Double(counts[name] ?? 0) - 10_000 * share) < bound, "\(name): \(counts[name] ?? 0)")
        }
    }

    @Test func `the same source of numbers draws the same engines`() throws {
        func order() throws -> [Int] {
            var state = state(try [engine("a"), engine("b")], lists: [["m"], ["m"]], seed: 11)
            let route = try #require(state.route("m"))
            return try (0..<100).map { _ in try state.lease(route, now: now).index }
        }
        #expect(try order() == order())
    }

    @Test func `an engine that does not come to an end gets less than its weight`() throws {
        var state = state(try [engine("slow", weight: 3), engine("fast")], lists: [["m"], ["m"]])
        let route = try #require(state.route("m"))
        var counts = [0, 0]
        for _ in 0..<1000 {
            let lease = try state.lease(route, now: now)
            counts[lease.index] += 1
            if lease.index == 1 { _ = state.end(lease, .answered, now: now) }
        }
        // By weight alone it would have had 750. What is drawn twice in a row is not turned down.
        #expect(counts[0] < 700)
        #expect(counts[1] > 300)
    }

    @Test func `requests that all run are shared by weight too`() throws {
        var state = state(try [engine("a", weight: 3), engine("b")], lists: [["m"], ["m"]])
        let route = try #require(state.route("m"))
        for _ in 0..<400 { _ = try state.lease(route, now: now) }
        let counts = state.entries.map(\.outstandingCount)
        #expect((270...330).contains(counts[0]), "\(counts)")
    }

    @Test func `the others of a larger number are asked when nobody before them can`() throws {
        var state = state(
            try [engine("second", priority: 2), engine("first", priority: 1)], lists: [["m"], ["m"]])
        #expect(try draws(&state, 50) == ["first": 50])
        let route = try #require(state.route("m"))
        for _ in 0..<3 {
            let lease = try state.lease(route, now: now)
            _ = state.end(lease, .failed(reason: "gone"), now: now)
        }
        #expect(try draws(&state, 50) == ["second": 50])
        #expect(state.index(route, excluding: [0], now: now) == nil)
        #expect(state.reasons(route, now: now).contains { $0.engine == "first" && $0.reason.contains("gone") })
    }

    @Test func `an engine that has too much to do goes last until its time is over`() throws {
        var state = state(try [engine("a", priority: 1), engine("b", priority: 2)], lists: [["m"], ["m"]])
        let route = try #require(state.route("m"))
        let lease = try state.lease(route, now: now)
        _ = state.end(lease, .busy(for: .seconds(5)), now: now)
        #expect(state.index(route, now: now) == 1)
        #expect(state.index(route, excluding: [1], now: now) == 0)
        #expect(state.index(route, now: now + .seconds(5)) == 0)
        #expect(state.statuses(now: now)[0].state == .up)
    }

    @Test func `an engine that is tried again gets one request`() throws {
        var state = state(try [engine("a")], lists: [["m"]])
        let route = try #require(state.route("m"))
        for _ in 0..<3 {
            let lease = try state.lease(route, now: now)
            _ = state.end(lease, .failed(reason: "gone"), now: now)
        }
        let later = now + .seconds(2)
        let trial = try state.lease(route, now: later)
        #expect(trial.isTrial)
        #expect(state.index(route, now: later) == nil)
        let change = state.end(trial, .answered, now: later)
        #expect(change == EngineChange(engine: "a", isUp: true))
        #expect(state.index(route, now: later) != nil)
    }

    @Test func `an engine that only a request can show to be well is not asked for its health all the time`() throws {
        let one = try engine("a")
        var state = state([one], lists: [["m"]])
        let route = try #require(state.route("m"))
        for _ in 0..<3 {
            let lease = try state.lease(route, now: now)
            _ = state.end(lease, .failed(reason: "the key"), now: now)
        }
        #expect(state.nextCheck(0, now: now) < one.healthInterval)
        let later = now + .seconds(600)
        _ = state.checked(0, kind: .openAI, models: [RemoteModelFacts(name: "m")], latency: .zero, at: Date())
        #expect(state.statuses(now: later)[0].state == .trial)
        #expect(state.nextCheck(0, now: later) == one.healthInterval)
    }

    @Test func `what was begun and ended leaves nothing outstanding`() throws {
        var state = state(try [engine("a"), engine("b", weight: 9)], lists: [["m"], ["m", "n"]])
        var numbers = SeededNumbers(77)
        var leases: [RoutingState.Lease] = []
        var now = now
        for _ in 0..<5000 {
            now += .milliseconds(Int.random(in: 0...200, using: &numbers))
            let name = Bool.random(using: &numbers) ? "m" : "n"
            if Bool.random(using: &numbers), let route = state.route(name), let lease = state.begin(route, now: now) {
                #expect(name == "m" || lease.index == 1)
                leases.append(lease)
            } else if !leases.isEmpty {
                let lease = leases.remove(at: Int.random(in: leases.indices, using: &numbers))
                let outcomes: [RoutingState.Outcome] = [
                    .answered, .failed(reason: "x"), .busy(for: .seconds(1)), .abandoned,
                ]
                _ = state.end(lease, outcomes.randomElement(using: &numbers) ?? .answered, now: now)
            }
            #expect(state.entries.map(\.outstandingCount).reduce(0, +) == leases.count)
        }
        for lease in leases { _ = state.end(lease, .abandoned, now: now) }
        #expect(state.entries.allSatisfy { $0.outstandingCount == 0 })
    }

    // MARK: Names

    @Test func `a bare name means every engine that has it, and a prefix one of them`() throws {
        let state = state(
            try [engine("a"), engine("b"), engine("c")], lists: [["llama3:latest"], ["LLAMA3", "other"], nil])
        #expect(state.route("llama3")?.targets.map(\.index) == [0, 1])
        #expect(state.route("llama3:latest")?.targets.map(\.index) == [0, 1])
        #expect(state.route("other")?.targets.map(\.index) == [1])
        #expect(state.route("b/llama3")?.targets.map(\.index) == [1])
        #expect(state.route("b/llama3")?.targets.first?.model.facts.name == "LLAMA3")
        #expect(state.route("nobody") == nil)
        // An engine that lists nothing is asked for what its name says.
        #expect(state.route("c/any/thing:1")?.targets.first?.model.facts.name == "any/thing:1")
        #expect(state.route("c/any/thing:1")?.isExplicit == true)
        #expect(state.route("c/") == nil)
    }

    @Test func `a mapping offers what it names, under its names`() throws {
        let state = state(
            try [engine("a", models: ["qwen3:32b=Qwen/Qwen3-32B", "llama*", "big-*=org/*"])],
            lists: [["Qwen/Qwen3-32B", "llama3:8b", "secret", "org/x"]])
        #expect(state.offered().map(\.name) == ["qwen3:32b", "llama3:8b", "big-x"])
        #expect(state.route("qwen3:32b")?.targets.first?.model.facts.name == "Qwen/Qwen3-32B")
        #expect(state.route("big-x")?.targets.first?.model.facts.name == "org/x")
        #expect(state.route("a/big-y")?.targets.first?.model.facts.name == "org/y")
        #expect(state.route("secret") == nil)
        #expect(state.route("a/secret") == nil)
        #expect(state.route("a/Qwen/Qwen3-32B") != nil)
    }

    @Test func `exact names are offered by an engine that lists nothing`() throws {
        let state = state(try [engine("a", models: ["gpt=gpt-4o", "x*"])], lists: [[]])
        #expect(state.offered().map(\.name) == ["gpt"])
        #expect(state.route("gpt")?.targets.first?.model.facts.name == "gpt-4o")
    }

    @Test(arguments: ["", "a=", "=b", "a*=b", "a**", "*=*x*", "a\u{1}b"])
    func `what is no mapping is refused`(text: String) {
        #expect(throws: RemoteEngineError.self) { try ModelMapping.Rule(parsing: text) }
    }
}

extension RoutingState {
    /// The engine that a request goes to, which must be there.
    fileprivate mutating func lease(_ route: Route, now: Instant) throws -> Lease {
        let lease = begin(route, now: now)
        return try #require(lease)
    }

    /// The place of the engine that the next request would go to.
    fileprivate func index(_ route: Route, excluding excluded: Set<Int> = [], now: Instant) -> Int? {
        var copy = self
        return copy.begin(route, excluding: excluded, now: now)?.index
    }
}

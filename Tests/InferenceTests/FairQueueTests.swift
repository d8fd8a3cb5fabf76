import Testing

@testable import Inference

@Suite("Fair sharing of the engine")
struct FairQueueTests {
    private struct Work: Equatable {
        var tenant: String
        var number: Int
        var cost = 100
    }

    @Test(
        "Tenants get tokens by their weights, whatever their requests cost",
        arguments: [[100, 100, 100], [10, 100, 1000], [700, 30, 250]])
    func shares(costs: [Int]) throws {
        let weights = [("a", 1.0), ("b", 1.0), ("c", 2.0)]
        var queue = FairQueue<Work>()
        for number in 0..<4000 {
            for (index, (tenant, weight)) in weights.enumerated() {
                queue.add(
                    Work(tenant: tenant, number: number, cost: costs[index]), tenant: tenant, weight: weight,
                    priority: .normal)
            }
        }
        var served: [String: Int] = [:]
        var total = 0
        while total < 100_000 {
            let taken = queue.take { $0.cost }
            let work = try #require(taken)
            served[work.tenant, default: 0] += work.cost
            total += work.cost
            queue.end(tenant: work.tenant)
        }
        for (tenant, weight) in weights {
            let share = Double(served[tenant] ?? 0) / Double(total)
            #expect(abs(share - weight / 4) < 0.1 * weight / 4, "\(tenant): \(share)")
        }
    }

    @Test("What was served beyond its estimate counts")
    func correction() throws {
        var queue = FairQueue<Work>()
        for number in 0..<300 {
            for tenant in ["long", "short"] {
                queue.add(Work(tenant: tenant, number: number), tenant: tenant, weight: 1, priority: .normal)
            }
        }
        var served: [String: Int] = [:]
        for _ in 0..<200 {
            let taken = queue.take { $0.cost }
            let work = try #require(taken)
            let actual = work.tenant == "long" ? 400 : 50
            queue.correct(tenant: work.tenant, by: actual - work.cost)
            queue.end(tenant: work.tenant)
            served[work.tenant, default: 0] += actual
        }
        let (long, short) = (Double(served["long"] ?? 0), Double(served["short"] ?? 0))
        #expect(abs(long - short) < 0.1 * (long + short))
    }

    @Test("A tenant that was idle saved nothing up, and one that comes anew does not wait for others' pasts")
    func idle() throws {
        var queue = FairQueue<Work>()
        for number in 0..<100 {
            queue.add(Work(tenant: "a", number: number), tenant: "a", weight: 1, priority: .normal)
        }
        for _ in 0..<50 { _ = queue.take { $0.cost } }
        for number in 0..<100 {
            queue.add(Work(tenant: "b", number: number), tenant: "b", weight: 1, priority: .normal)
        }
        let next = (0..<20).compactMap { _ in queue.take { $0.cost }?.tenant }
        #expect(next.count { $0 == "b" } == 10 || next.count { $0 == "b" } == 11)
    }

    @Test("Within a tenant the more urgent goes first, then who came first")
    func priorities() {
        var queue = FairQueue<Work>()
        for (number, priority) in [
            (0, GenerationRequest.Priority.batch), (1, .normal), (2, .interactive), (3, .normal),
        ] {
            queue.add(Work(tenant: "a", number: number), tenant: "a", weight: 1, priority: priority)
        }
        queue.add(Work(tenant: "a", number: 4), tenant: "a", weight: 1, priority: .normal, atFront: true)
        #expect(queue.first()?.number == 2)
        #expect(queue.order { $0.cost }.map(\.number) == [2, 4, 1, 3, 0])
        #expect(queue.count == 5)
    }

    @Test("Between tenants of equal weight urgency goes first, but brings no larger share")
    func urgencyIsBounded() throws {
        var queue = FairQueue<Work>()
        for number in 0..<2000 {
            queue.add(Work(tenant: "calm", number: number), tenant: "calm", weight: 1, priority: .batch)
            queue.add(Work(tenant: "hasty", number: number), tenant: "hasty", weight: 1, priority: .interactive)
        }
        var served: [String: Int] = [:]
        for index in 0..<2000 {
            let taken = queue.take { $0.cost }
            let work = try #require(taken)
            queue.end(tenant: work.tenant)
            served[work.tenant, default: 0] += 1
            if index < 20 { #expect(work.tenant == "hasty") }
        }
        #expect(abs((served["calm"] ?? 0) - 1000) < 100)
    }

    @Test("What is taken out is gone, and the rest keeps its order")
    func removal() {
        var queue = FairQueue<Work>()
        for number in 0..<6 { queue.add(Work(tenant: "a", number: number), tenant: "a", weight: 1, priority: .normal) }
        let even = queue.remove { $0.number.isMultiple(of: 2) }
        #expect(even.map(\.number) == [0, 2, 4])
        #expect(queue.count == 3)
        #expect(queue.order { $0.cost }.map(\.number) == [1, 3, 5])
        let rest = queue.remove { _ in true }
        #expect(rest.count == 3)
        #expect(queue.isEmpty)
        let none = queue.take { $0.cost }
        #expect(none == nil)
    }
}

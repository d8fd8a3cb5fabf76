import Testing

@testable import Inference

@Suite("Measured costs of batches")
struct BatchCostsTests {
    @Test("Measured sizes are what was measured, others lie between")
    func between() throws {
        var costs = BatchCosts()
        #expect(costs.seconds(1) == nil)
        #expect(costs.seconds(0) == 0)
        costs.record(tokenCount: 1, duration: .milliseconds(10))
        costs.record(tokenCount: 9, duration: .milliseconds(50))
        #expect(costs.seconds(1) == 0.01)
        #expect(costs.seconds(9) == 0.05)
        #expect(abs(try #require(costs.seconds(5)) - 0.03) < 1e-9)
        #expect(abs(try #require(costs.seconds(17)) - 0.09) < 1e-9)
        #expect(costs.isMeasured(9))
        #expect(!costs.isMeasured(5))
        // Larger than what is told apart: in proportion.
        #expect(try #require(costs.seconds(512)) > (try #require(costs.seconds(256))) * 1.9)
    }

    @Test("What makes no sense is not counted")
    func nonsense() {
        var costs = BatchCosts()
        costs.record(tokenCount: 0, duration: .seconds(1))
        costs.record(tokenCount: -3, duration: .seconds(1))
        costs.record(tokenCount: 1_000_000, duration: .seconds(1))
        costs.record(tokenCount: 1, duration: .zero)
        #expect(costs == BatchCosts())
        #expect(!costs.isMeasured(1_000_000))
    }

    @Test("One slow batch among many changes little, a lasting change is followed")
    func outliers() throws {
        var costs = BatchCosts()
        // The first is slow: memory is touched for the first time.
        costs.record(tokenCount: 1, duration: .milliseconds(80))
        for _ in 0..<20 { costs.record(tokenCount: 1, duration: .milliseconds(10)) }
        #expect(abs(try #require(costs.seconds(1)) - 0.01) < 1e-6)
        costs.record(tokenCount: 1, duration: .seconds(5))
        #expect(try #require(costs.seconds(1)) < 0.0115)
        for _ in 0..<60 { costs.record(tokenCount: 1, duration: .milliseconds(20)) }
        #expect(abs(try #require(costs.seconds(1)) - 0.02) < 0.0005)
    }
}

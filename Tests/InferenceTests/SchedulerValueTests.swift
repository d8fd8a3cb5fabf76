import Testing

@testable import Inference

@Suite("What a turn computes, and what cells are counted")
struct SchedulerValueTests {
    // MARK: Pieces of prompts

    @Test("Nobody answers: a prompt goes on by whole batches")
    func alone() {
        let policy = ChunkPolicy(batchSize: 2048, microBatchSize: 512)
        #expect(policy.promptTokenCount(decodingCount: 0) == 2048)
    }

    @Test("While others answer, a piece takes at most the time that it may", arguments: [0.0001, 0.001, 0.01])
    func bounded(secondsPerToken: Double) {
        var policy = ChunkPolicy(batchSize: 2048, microBatchSize: 512)
        for _ in 0..<200 {
            policy.record(decodingCount: 4, promptCount: 0, seconds: 0.03)
            policy.record(decodingCount: 4, promptCount: 100, seconds: 0.03 + 100 * secondsPerToken)
        }
        let count = policy.promptTokenCount(decodingCount: 4)
        #expect(count >= ChunkPolicy.leastCount)
        #expect(count + 4 <= 512)
        #expect(
            Double(count) * secondsPerToken <= policy.allowance * 1.05 || count == ChunkPolicy.leastCount)
        // Not smaller than it need be, either.
        #expect(count == 508 || count == ChunkPolicy.leastCount || Double(count + 2) * secondsPerToken > 0.059)
    }

    @Test("One slow turn changes little")
    func outlier() {
        var policy = ChunkPolicy(batchSize: 2048, microBatchSize: 512)
        for _ in 0..<50 {
            policy.record(decodingCount: 1, promptCount: 0, seconds: 0.01)
            policy.record(decodingCount: 1, promptCount: 64, seconds: 0.05)
        }
        let before = policy.promptTokenCount(decodingCount: 1)
        policy.record(decodingCount: 1, promptCount: 64, seconds: 30)
        #expect(policy.promptTokenCount(decodingCount: 1) >= before / 2)
    }

    @Test("More answers than a computation takes do not stop prompts")
    func crowded() {
        let policy = ChunkPolicy(batchSize: 64, microBatchSize: 16)
        #expect(policy.promptTokenCount(decodingCount: 20) == ChunkPolicy.leastCount)
        #expect(policy.promptTokenCount(decodingCount: 50) == 14)
        #expect(policy.promptTokenCount(decodingCount: 64) == 0)
    }

    @Test("A piece is shared: the shortest prompt ends first, the oldest never starves, nothing is lost")
    func shares() {
        #expect(ChunkPolicy.shares(of: 100, remaining: [1000]) == [100])
        #expect(ChunkPolicy.shares(of: 100, remaining: [1000, 50, 60]) == [25, 50, 25])
        #expect(ChunkPolicy.shares(of: 100, remaining: [10, 20, 5]) == [10, 20, 5])
        #expect(ChunkPolicy.shares(of: 0, remaining: [10, 20]) == [0, 0])
        #expect(ChunkPolicy.shares(of: 10, remaining: []) == [])
        #expect(ChunkPolicy.shares(of: 100, remaining: [1000, 1000]).reduce(0, +) == 100)
    }

    // MARK: Checkpoints

    @Test("Short prompts are not cut; longer ones at the ends of messages, long stretches now and then")
    func checkpoints() {
        func positions(_ start: Int, _ count: Int, _ boundaries: [Int], interval: Int = 1024) -> [Int] {
            CheckpointPolicy.positions(from: start, to: count, boundaries: boundaries, interval: interval)
        }
        #expect(positions(0, 200, [50, 150]) == [])
        #expect(positions(0, 2050, [2000, 2040]) == [1024, 2000])
        #expect(positions(0, 3000, []) == [1024, 2048, 2996])
        #expect(positions(1900, 2000, [1950]) == [])
        #expect(positions(0, 900, [300, 400, 700]) == [300, 700])
        #expect(positions(0, 1000, [], interval: 256) == [256, 512, 768, 996])
        #expect(positions(0, 2085, [], interval: 256).suffix(2) == [2048, 2081])
        for count in stride(from: 10, to: 5000, by: 37) {
            let found = positions(5, count, [count / 3, count / 2, count - 1], interval: 256)
            #expect(found == found.sorted())
            // But for the last, which may follow closely.
            #expect(zip([5] + found, found.dropLast()).allSatisfy { $1 - $0 >= CheckpointPolicy.leastDistance })
            #expect(found.allSatisfy { $0 < count })
        }
    }

    @Test("The larger a state is, the fewer are kept of one prompt")
    func checkpointInterval() {
        let interval = { CheckpointPolicy.interval(stateByteCount: $0, byteLimit: 512 << 20) }
        #expect(interval(0) == 256)
        #expect(interval(8 << 20) == 256)
        #expect(interval(9 << 20) == 512)
        #expect(interval(100 << 20) == 4096)
        #expect(interval(1 << 40) == 8192)
    }

    // MARK: Cells

    @Test("Shared cells are counted once and freed with their last sequence")
    func ledger() {
        var ledger = CellLedger(capacity: 100, sequenceCount: 4)
        ledger.append(40, to: 0)
        ledger.copy(0, to: 1, count: 30)
        #expect(ledger.usedCount == 40)
        ledger.append(10, to: 1)
        #expect(ledger.usedCount == 50)
        #expect(ledger.exclusiveCount(of: 0) == 10)
        #expect(ledger.exclusiveCount(of: 1) == 10)
        #expect(ledger.cellCount(heldByAnyOf: [0, 1]) == 50)
        #expect(ledger.isShared(0..<1, of: 1))
        #expect(!ledger.isShared(30..<40, of: 1))
        ledger.removeAll(of: 0)
        #expect(ledger.usedCount == 40)
        #expect(ledger.exclusiveCount(of: 1) == 40)
        ledger.remove(10..<20, of: 1)
        #expect(ledger.symbolCount(of: 1) == 30)
        #expect(ledger.freeCount == 70)
        ledger.append(weights: [20], to: 2)
        #expect(ledger.freeCount == 50)
        ledger.removeAll()
        #expect(ledger.usedCount == 0)
    }

    @Test("However cells are taken, shared and given back, the count is that of the cells in use")
    func ledgerModel() {
        var random = SystemRandomNumberGenerator()
        var ledger = CellLedger(capacity: 10_000, sequenceCount: 8)
        // Each cell is a number of its own here.
        var model = [[Int]](repeating: [], count: 8)
        var next = 0
        for _ in 0..<3000 {
            let (a, b) = (Int.random(in: 0..<8, using: &random), Int.random(in: 0..<8, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let count = Int.random(in: 0..<40, using: &random)
                model[a] += next..<next + count
                next += count
                ledger.append(count, to: Int32(a))
            case 2 where a != b:
                let count = Int.random(in: 0...model[a].count, using: &random)
                model[b] = Array(model[a].prefix(count))
                ledger.copy(Int32(a), to: Int32(b), count: count)
            case 3:
                let count = Int.random(in: 0...model[a].count, using: &random)
                model[a] = Array(model[a].prefix(count))
                ledger.truncate(Int32(a), to: count)
            default:
                model[a] = []
                ledger.removeAll(of: Int32(a))
            }
            #expect(ledger.usedCount == Set(model.joined()).count)
        }
    }
}

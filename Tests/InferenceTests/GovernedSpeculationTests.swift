import Foundation
import ModelFixtures
import Testing

@testable import Inference

@Suite("Speculation of a context")
struct GovernedSpeculationTests {
    /// A context in which larger batches cost nothing.
    private func free(_ speculation: GovernedSpeculation) -> GovernedSpeculation {
        for size in 1...64 { speculation.record(tokenCount: size, duration: .milliseconds(10)) }
        return speculation
    }

    @Test("Copies are proposed by lookup, and what was learned goes to the next sequence")
    func lookup() {
        let speculation = free(GovernedSpeculation())
        do {
            let speculator = speculation.speculator()
            speculator.begin((0..<200).map { Int32($0) })
            speculator.accept([10, 11, 12])
            #expect(speculator.propose(room: 8, others: 0) == [13, 14, 15, 16, 17, 18, 19, 20])
            for _ in 0..<30 {
                speculator.record(acceptedCount: 0, others: 0)
                speculator.accept([500, 10, 11, 12])
                _ = speculator.propose(room: 8, others: 0)
            }
            #expect(speculator.draftedCount > 8)
            #expect(speculator.acceptedCount == 0)
        }
        var learned = speculation.speculator()
        learned.begin((0..<200).map { Int32($0) })
        learned.accept([10, 11, 12])
        #expect(learned.propose(room: 8, others: 20).isEmpty)
        learned = free(GovernedSpeculation()).speculator()
        learned.begin((0..<200).map { Int32($0) })
        learned.accept([10, 11, 12])
        #expect(!learned.propose(room: 8, others: 20).isEmpty)
        #expect(learned.propose(room: 0, others: 0).isEmpty)
    }

    @Test("The draft model proposes where lookup has nothing, for as many sequences as there are contexts")
    func model() throws {
        let handle = try VerificationLoop.load(.llama())
        let draft = try DraftModel(handle, path: "draft", for: handle)
        var madeCount = 0
        let speculation = free(
            GovernedSpeculation(modelDrafterLimit: 1) {
                madeCount += 1
                return try draft.makeDrafter(contextLength: 256, threadCount: 1, leastProbability: 0)
            })
        func proposes() -> Bool {
            let first = speculation.speculator()
            let second = speculation.speculator()
            first.begin([1, 300, 310])
            second.begin([1, 300, 310])
            #expect(second.propose(room: 4, others: 0).isEmpty)
            return !first.propose(room: 4, others: 0).isEmpty
        }
        #expect(proposes())
        #expect(proposes())
        #expect(madeCount == 1)
    }
}

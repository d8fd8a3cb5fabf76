import Hardware
import Inference
import Testing

@testable import Workers

@Suite("How much memory models may take")
struct MemoryBudgetTests {
    private func holding(isLoaded: Bool, isMapped: Bool) -> MemoryBudget.Holding {
        MemoryBudget.Holding(
            memory: ModelMemory(weightsByteCount: 70, contextByteCount: 20, computeByteCount: 10), isLoaded: isLoaded,
            isMapped: isMapped)
    }

    @Test("Mapped weights of loaded models count although the system calls their pages available")
    func mapped() {
        let budget = MemoryBudget(machine: { UsableMemory(availableByteCount: 1000, totalByteCount: 2000) })
        #expect(budget.room(beside: []) == 1000)
        #expect(budget.room(beside: [holding(isLoaded: true, isMapped: true)]) == 930)
        #expect(budget.room(beside: [holding(isLoaded: true, isMapped: false)]) == 1000)
        #expect(budget.room(beside: [holding(isLoaded: false, isMapped: true)]) == 900)
    }

    @Test("A limit counts all that models hold, and never promises more than the machine has")
    func bounded() {
        let machine: @Sendable () -> UsableMemory? = {
            UsableMemory(availableByteCount: 1000, totalByteCount: 2000)
        }
        let loaded = holding(isLoaded: true, isMapped: false)
        #expect(MemoryBudget(.bytes(150), machine: machine).room(beside: [loaded]) == 50)
        #expect(MemoryBudget(.bytes(50), machine: machine).room(beside: [loaded]) == -50)
        #expect(MemoryBudget(.bytes(5000), machine: machine).room(beside: [loaded]) == 1000)
        #expect(MemoryBudget(.share(0.1), machine: machine).room(beside: [loaded]) == 100)
        #expect(MemoryBudget(.bytes(150), machine: { nil }).room(beside: [loaded]) == 50)
        #expect(MemoryBudget(machine: { nil }).room(beside: [loaded]) == nil)
    }

    @Test("This machine can say what it has")
    func machine() throws {
        let memory = try #require(UsableMemory.current())
        #expect(memory.availableByteCount > 0)
        #expect(memory.availableByteCount <= memory.totalByteCount)
    }
}

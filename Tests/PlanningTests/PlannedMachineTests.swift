import Foundation
import Hardware
import Inference
import Planning
import Testing

@Suite struct PlannedMachineTests {
    /// This machine with other memory and graphics.
    private func machine(
        total: Int64, available: Int64, room: Int64? = nil, limit: Int64? = nil, _ graphics: [GraphicsProcessor] = []
    ) -> Machine {
        var machine = MachineDetector(graphics: []).detect()
        machine.memory.totalByteCount = total
        machine.memory.availableByteCount = available
        machine.limits.memoryByteCount = limit
        machine.limits.memoryRoomByteCount = room
        machine.graphics = graphics
        return machine
    }

    private func card(_ free: Int64, of total: Int64, shares: Bool = false) -> GraphicsProcessor {
        var card = GraphicsProcessor(maker: .nvidia, name: "NVIDIA GeForce RTX 3090", sharesSystemMemory: shares)
        (card.freeByteCount, card.totalByteCount) = (free, total)
        card.busAddress = "0000:01:00.0"
        return card
    }

    @Test func controlGroupsBindWhatModelsMayTake() {
        let planned = PlannedMachine(machine(total: 64 << 30, available: 60 << 30, room: 2 << 30, limit: 3 << 30))
        #expect(planned.memoryByteCount == 2 << 30)
        #expect(planned.totalByteCount == 3 << 30)
        #expect(planned.graphics.isEmpty && !planned.isHere)
    }

    @Test func limitsOfTheConfigurationBind() {
        let here = machine(total: 64 << 30, available: 40 << 30, [card(20 << 30, of: 24 << 30)])
        let share = PlannedMachine(here, limits: PlanLimits(memory: .share(0.5), graphics: .share(0.5)))
        #expect(share.memoryByteCount == 32 << 30)
        #expect(share.graphics.map(\.memoryByteCount) == [12 << 30 - 512 << 20])
        let bytes = PlannedMachine(here, limits: PlanLimits(memory: .bytes(8 << 30), prefersGraphics: false))
        #expect(bytes.memoryByteCount == 8 << 30)
        #expect(bytes.usedGraphics.isEmpty)
        #expect(bytes.poolByteCount == 8 << 30, "memory of a GPU that is not used holds nothing")
        let all = PlannedMachine(here, limits: PlanLimits(memory: .share(1), graphics: .share(1)))
        #expect(all.memoryByteCount == 40 << 30, "no more than is available")
        #expect(all.graphics.map(\.memoryByteCount) == [20 << 30 - 512 << 20])
        #expect(all.graphics[0].bytesPerSecond == 936e9)
    }

    @Test func sharedMemoryIsBoundByTheSameLimit() async throws {
        let here = machine(total: 32 << 30, available: 28 << 30, [card(24 << 30, of: 24 << 30, shares: true)])
        let planned = PlannedMachine(here, limits: PlanLimits(memory: .bytes(6 << 30)))
        #expect(planned.graphics[0].memoryByteCount == 6 << 30)
        #expect(planned.poolByteCount == 6 << 30)
        // Host and GPU together stay within the pool.
        let plan = try await SettingsChooser(machine: planned).plan(geometry: Shapes.geometry("llama-8b"))
        #expect(plan.fits)
        #expect(plan.neededByteCount <= 6 << 30)
        #expect(plan.memory.devices.contains { !$0.isHost && $0.weightsByteCount > 0 })
    }

    @Test func whatModelsHaveAlreadyCountsAsAvailable() {
        let here = machine(
            total: 16 << 30, available: 4 << 30,
            [card(8 << 30, of: 24 << 30), card(4 << 30, of: 16 << 30, shares: true)])
        let freed: [String: Int64] = ["GPU0": 3 << 30, "GPU1": 9 << 30]
        let planned = PlannedMachine(here, availableByteCount: 7 << 30, freedByteCounts: freed)
        #expect(planned.memoryByteCount == 7 << 30)
        #expect(planned.graphics[0].memoryByteCount == (11 << 30) - (512 << 20))
        // One pool is never more than the machine's memory, and no GPU has more than it has.
        #expect(planned.graphics[1].memoryByteCount == 7 << 30)
        let all = PlannedMachine(here, freedByteCounts: ["GPU0": 100 << 30])
        #expect(all.graphics[0].memoryByteCount == (24 << 30) - (512 << 20))
    }

    @Test func theEnginesDevicesAreJoinedByTheirPlaceOnTheBus() throws {
        let here = machine(total: 64 << 30, available: 40 << 30, [card(20 << 30, of: 24 << 30)])
        let json = """
            [{"name": "CUDA0", "title": "CUDA device", "kind": "gpu", "backend": "CUDA", "busAddress": "0000:01:00.0",
              "freeByteCount": 23622320128, "totalByteCount": 25769803776}]
            """
        let devices = try JSONDecoder().decode([EngineDevice].self, from: Data(json.utf8))
        let planned = PlannedMachine(here, devices: devices)
        #expect(planned.isHere)
        #expect(planned.graphics.map(\.name) == ["CUDA0"])
        #expect(planned.graphics[0].title == "NVIDIA GeForce RTX 3090")
        #expect(planned.graphics[0].memoryByteCount == 20 << 30 - 512 << 20, "the smaller of both figures")
    }
}

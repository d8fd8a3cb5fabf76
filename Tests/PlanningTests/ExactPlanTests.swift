import Foundation
import Hardware
import Inference
import Planning
import Testing

/// Plans with the engine's own figures.
@Suite struct ExactPlanTests {
    private func machine(_ byteCount: Int64) -> PlannedMachine {
        var machine = MachineDetector(graphics: []).detect()
        machine.memory.totalByteCount = byteCount
        machine.memory.availableByteCount = byteCount
        (machine.limits.memoryByteCount, machine.limits.memoryRoomByteCount) = (nil, nil)
        return PlannedMachine(machine, devices: [])
    }

    @Test func theEngineIsAskedAndAFewCallsDo() async throws {
        let shape = try ModelShape("llama-8b")
        let engine = AskedEngine(overheadByteCount: 64 << 20)
        let chooser = SettingsChooser(machine: machine(32 << 30), estimator: engine)
        let plan = try await chooser.plan(headers: ModelHeaderSet(weights: [shape.file]))
        #expect(plan.isExact && plan.fits)
        #expect(plan.contextLength == 8192)
        #expect(engine.asked.count == 1)
        let computed = ClosedForm(try Shapes.geometry("llama-8b")).estimate(plan.options).host
        #expect(plan.memory.host.contextByteCount == computed.contextByteCount)
    }

    @Test func theLongestContextIsFoundInAFewRounds() async throws {
        let shape = try ModelShape("llama2-7b")
        let engine = AskedEngine(overheadByteCount: 64 << 20)
        let machine = machine(6 << 30)
        let plan = try await SettingsChooser(machine: machine, estimator: engine)
            .plan(headers: ModelHeaderSet(weights: [shape.file]))
        #expect(plan.isExact && plan.fits)
        #expect((512..<4096).contains(plan.contextLength))
        #expect(plan.neededByteCount <= 6 << 30)
        #expect(engine.asked.count <= 9)
        // 256 tokens more would be too much.
        #expect(plan.neededByteCount + Int64(256 * 32 * 2 * 4096 * 2) > machine.memoryByteCount)
    }

    @Test func aMachineThatIsNotHereIsComputed() async throws {
        let shape = try ModelShape("llama-8b")
        let engine = AskedEngine()
        let chooser = SettingsChooser(machine: try PlannedMachine(parsing: "32GB ram"), estimator: engine)
        let plan = try await chooser.plan(headers: ModelHeaderSet(weights: [shape.file]))
        #expect(!plan.isExact && plan.fits)
        #expect(engine.asked.count == 0)
    }

    @Test(arguments: [0, 1, 4, 100, 700])
    func headersThatAreCutAreRefused(count: Int) async throws {
        let shape = try ModelShape("llama-8b")
        let file = ModelHeaderFile(bytes: shape.bytes.prefix(count), fileByteCount: shape.fileByteCount)
        let chooser = SettingsChooser(machine: try PlannedMachine(parsing: "32GB ram"))
        await #expect(throws: PlanningError.self) { try await chooser.plan(headers: ModelHeaderSet(weights: [file])) }
    }
}

import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Planning
import Testing

/// Headers come from strangers: whatever they claim, a plan is made or refused.
@Suite struct HostileHeaderTests {
    private static let numbers: [UInt64] = [0, 1, 255, 1 << 20, 1 << 31, .max]

    @Test(arguments: ModelShape.names)
    func impossibleSizesDoNotTrap(name: String) async throws {
        let shape = try ModelShape(name)
        let keys = shape.header.metadata.keys.filter {
            $0.contains(".") && !$0.hasPrefix("general") && !$0.hasPrefix("tokenizer")
        }
        let machine = try PlannedMachine(parsing: "2x24GB gpu 900GB/s, 64GB ram 50GB/s")
        var madeCount = 0
        for key in keys {
            for number in [0, 1 << 20, UInt64.max] {
                var writer = try GGUFWriter()
                for (other, value) in shape.header.metadata {
                    writer.set(other, other == key ? .uint64(number) : value)
                }
                for tensor in shape.header.tensors.prefix(24) {
                    try writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type)
                }
                if try await plan(writer, machine) { madeCount += 1 }
            }
        }
        #expect(madeCount > keys.count, "most sizes alone leave a model that can be planned for")
    }

    @Test func everythingImpossibleAtOnce() async throws {
        let machine = try PlannedMachine(parsing: "24GB gpu, 64GB ram")
        var generator = SeededGenerator(seed: 5)
        for name in ModelShape.names {
            let shape = try ModelShape(name)
            for _ in 0..<8 {
                var writer = try GGUFWriter()
                for (key, value) in shape.header.metadata {
                    let isSize = value.intValue != nil && !key.hasPrefix("general")
                    let number = Self.numbers.randomElement(using: &generator) ?? 0
                    writer.set(key, isSize && Bool.random(using: &generator) ? .uint64(number) : value)
                }
                for tensor in shape.header.tensors.prefix(20) {
                    try writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type)
                }
                _ = try await plan(writer, machine)
            }
        }
    }

    /// Whether a plan was made; else it was refused in a sentence.
    private func plan(_ writer: GGUFWriter, _ machine: PlannedMachine) async throws -> Bool {
        let bytes = Data(writer.headerBytes())
        let chooser = SettingsChooser(machine: machine)
        do {
            let plan = try await chooser.plan(
                headers: ModelHeaderSet(weights: [ModelHeaderFile(bytes: bytes, fileByteCount: 1 << 40)]))
            #expect(plan.neededByteCount >= 0)
            #expect(plan.memory.devices.allSatisfy { $0.totalByteCount >= 0 })
            return true
        } catch is PlanningError {
            return false
        }
    }
}

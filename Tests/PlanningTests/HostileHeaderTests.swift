import Foundation
import Inference
import ModelFixtures
import ModelFormats
import Planning
import Testing

/// Headers come from strangers: whatever they claim, a plan is made or refused.
@Suite struct HostileHeaderTests {
    private static let numbers: [UInt64] = [0, 1, 7, 255, 1 << 16, 1 << 20, 1 << 24, 1 << 31, 1 << 40, 1 << 63, .max]

    @Test(arguments: ModelShape.names)
    func impossibleSizesDoNotTrap(name: String) async throws {
        let shape = try ModelShape(name)
        let keys = shape.header.metadata.keys.filter {
            $0.contains(".") && !$0.hasPrefix("general") && !$0.hasPrefix("tokenizer")
        }
        let machine = try PlannedMachine(parsing: "2x24GB gpu 900GB/s, 64GB ram 50GB/s")
        for key in keys {
            for number in Self.numbers {
                var writer = try GGUFWriter()
                for (other, value) in shape.header.metadata {
                    writer.set(other, other == key ? .uint64(number) : value)
                }
                for tensor in shape.header.tensors.prefix(40) {
                    try writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type)
                }
                try await plan(writer, machine)
            }
        }
    }

    @Test func everythingImpossibleAtOnce() async throws {
        let machine = try PlannedMachine(parsing: "24GB gpu, 64GB ram")
        var generator = SeededGenerator(seed: 5)
        for name in ModelShape.names {
            let shape = try ModelShape(name)
            for _ in 0..<20 {
                var writer = try GGUFWriter()
                for (key, value) in shape.header.metadata {
                    let isSize = value.intValue != nil && !key.hasPrefix("general")
                    let number = Self.numbers.randomElement(using: &generator) ?? 0
                    writer.set(key, isSize && Bool.random(using: &generator) ? .uint64(number) : value)
                }
                for tensor in shape.header.tensors.prefix(20) {
                    try writer.addTensor(tensor.name, dimensions: tensor.dimensions, type: tensor.type)
                }
                try await plan(writer, machine)
            }
        }
    }

    private func plan(_ writer: GGUFWriter, _ machine: PlannedMachine) async throws {
        let bytes = Data(writer.headerBytes())
        let chooser = SettingsChooser(machine: machine)
        do {
            let plan = try await chooser.plan(
                headers: ModelHeaderSet(weights: [ModelHeaderFile(bytes: bytes, fileByteCount: 1 << 40)]))
            #expect(plan.neededByteCount >= 0)
            #expect(plan.memory.devices.allSatisfy { $0.totalByteCount >= 0 })
        } catch is PlanningError {
            // Refused in a sentence.
        }
    }
}

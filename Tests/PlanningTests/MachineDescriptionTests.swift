import Foundation
import Hardware
import ModelFixtures
import Planning
import Testing

@Suite struct MachineDescriptionTests {
    @Test func aCardAndRAM() throws {
        let machine = try PlannedMachine(parsing: "24GB gpu, 32GB ram")
        #expect(machine.graphics.map(\.totalByteCount) == [24 << 30])
        #expect(machine.graphics.map(\.memoryByteCount) == [24 << 30 - 512 << 20])
        #expect(machine.totalByteCount == 32 << 30)
        #expect(machine.memoryByteCount < 32 << 30)
        #expect(machine.graphics[0].bytesPerSecond == nil)
        #expect(!machine.isHere)
    }

    @Test(arguments: [
        "2x24GB gpu, 64GB ram", "2 x 24 GB gpu, 64 GB ram", "2×24GiB VRAM, 64G memory", "2X24GB GPUs, 64gb RAM",
    ])
    func severalCards(text: String) throws {
        let machine = try PlannedMachine(parsing: text)
        #expect(machine.graphics.map(\.name) == ["GPU0", "GPU1"])
        #expect(machine.graphics.allSatisfy { $0.totalByteCount == 24 << 30 })
        #expect(machine.totalByteCount == 64 << 30)
    }

    @Test func aKnownCardHasItsMemoryAndBandwidth() throws {
        let machine = try PlannedMachine(parsing: "rtx 4090, 64GB ram")
        #expect(machine.graphics.map(\.totalByteCount) == [24 << 30])
        #expect(machine.graphics[0].bytesPerSecond == 1008e9)
        let super16 = try PlannedMachine(parsing: "NVIDIA GeForce RTX 4080 SUPER, 64GB ram")
        #expect(super16.graphics[0].bytesPerSecond == 736e9)
        let larger = try PlannedMachine(parsing: "16GB rtx 4060 ti, 64GB ram")
        #expect(larger.graphics.map(\.totalByteCount) == [16 << 30])
    }

    @Test func unifiedMemoryIsOnePool() throws {
        let machine = try PlannedMachine(parsing: "m2 pro 32GB")
        #expect(machine.graphics.count == 1)
        #expect(machine.graphics[0].sharesSystemMemory)
        #expect(machine.graphics[0].memoryByteCount < machine.memoryByteCount)
        #expect(machine.poolByteCount == machine.memoryByteCount)
        #expect(machine.threadCount == 8)
        #expect(machine.bytesPerSecond == 200e9)
        #expect(machine.assumptions.isEmpty)
    }

    @Test func processorsAlone() throws {
        let machine = try PlannedMachine(parsing: "8GB ram, 4 cores")
        #expect(machine.graphics.isEmpty)
        #expect(machine.threadCount == 4)
        #expect(machine.totalByteCount == 8 << 30)
    }

    @Test(arguments: [
        "24GB gpu 1008GB/s, 32GB ram", "24GB gpu, 1008GB/s gpu, 32GB ram", "24GB gpu, 1.008 TB/s gpu, 32GB ram",
    ])
    func bandwidths(text: String) throws {
        let machine = try PlannedMachine(parsing: text)
        #expect(machine.graphics.map(\.bytesPerSecond) == [1008e9])
        #expect(machine.graphics.count == 1)
    }

    @Test func whatIsNotSaidIsAssumedAndTold() throws {
        let machine = try PlannedMachine(parsing: "24GB gpu")
        #expect(machine.totalByteCount == 16 << 30)
        #expect(machine.assumptions.count == 2)
    }

    @Test(arguments: [
        "", ",", "24GB", "potato", "24GB gpu,, 32GB ram", "gpu", "32GB ram, 64GB ram", "0GB gpu", "-4GB ram", "4 cores",
        "1e999GB ram", "nanGB ram", "999999999TB ram", "0x24GB gpu", "65x24GB gpu", "m2 pro", "m2 pro 32GB, m1 16GB",
        "3.5 cores, 8GB ram", "24GB 12GB gpu", "rtx 9999999", "1008GB/s", "24 gpu", "8GB ram cores", "2x8GB ram",
        "rtx 4090 laptop, 32GB ram", "40x8GB gpu, 40x8GB gpu", "99999999999999999999x8GB gpu",
    ])
    func nonsenseIsRefusedInOneSentence(text: String) {
        let error = #expect(throws: PlanningError.self) { try PlannedMachine(parsing: text) }
        #expect(error?.description.contains("does not describe a machine") == true)
    }

    @Test(arguments: [
        "24GB gpu, 32GB ram", "2x24GB gpu 936GB/s, 64GB ram 80GB/s, 16 cores", "rtx 4090, 64GB ram", "m2 pro 32GB",
        "m3 max 128GB, 16 cores", "8GB ram, 4 cores", "rtx 3090, rtx 3060, 64GB ram", "3x12.5GB gpu, 48GB ram",
    ])
    func descriptionsComeBackTheSame(text: String) throws {
        var machine = try PlannedMachine(parsing: text)
        let again = try PlannedMachine(parsing: machine.description)
        machine.assumptions = []
        #expect(again == machine, "\(machine.description)")
    }

    @Test func randomDescriptionsComeBackTheSame() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let cards = Int.random(in: 0...4, using: &generator)
            let parts =
                (cards > 0
                    ? [
                        "\(cards)x\(Int.random(in: 1...96, using: &generator))GB gpu \(Int.random(in: 10...5000, using: &generator))GB/s"
                    ] : [])
                + [
                    "\(Int.random(in: 1...512, using: &generator))GB ram",
                    "\(Int.random(in: 1...128, using: &generator)) cores",
                ]
            let text = parts.joined(separator: ", ")
            let machine = try PlannedMachine(parsing: text)
            #expect(try PlannedMachine(parsing: machine.description) == machine, "\(text)")
        }
    }

    @Test func plansAndMachinesAreCoded() throws {
        let machine = try PlannedMachine(parsing: "rtx 4090, 64GB ram")
        let copy = try JSONDecoder().decode(PlannedMachine.self, from: JSONEncoder().encode(machine))
        #expect(copy == machine)
    }
}

import Foundation
import Hardware
import Testing

@Suite("A machine's fingerprint")
struct FingerprintTests {
    private func machine(_ name: String) throws -> Machine { try machines(name, count: 1)[0] }

    /// A recorded machine, detected several times.
    private func machines(_ name: String, count: Int) throws -> [Machine] {
        let recorded = try RecordedMachine(name)
        let root = FileManager.default.temporaryDirectory.appending(path: "roost-machine-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try recorded.write(to: root)
        return (0..<count).map { _ in
            MachineDetector(files: SystemFiles(root: root), diskPaths: ["/"]).detect()
        }
    }

    @Test("is another for each recorded machine, and the same when it is detected again")
    func apart() throws {
        let prints = try RecordedMachine.names.map { try machines($0, count: 2).map(\.fingerprint) }
        #expect(Set(prints.map { $0[0] }).count == RecordedMachine.names.count)
        #expect(prints.allSatisfy { $0[0] == $0[1] })
        for print in prints.joined() {
            #expect(print.wholeMatch(of: #/(linux|macos)-[a-z0-9_]+-[0-9a-f]{16}/#) != nil, "\(print)")
        }
    }

    @Test("is the same for this machine from one moment to the next")
    func here() {
        #expect(MachineDetector().detect().fingerprint == MachineDetector(diskPaths: ["/"]).detect().fingerprint)
    }

    /// Something about a machine that becomes another.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (inout Machine) -> Void

        init(_ what: String, _ make: @escaping @Sendable (inout Machine) -> Void) {
            testDescription = what
            self.make = make
        }
    }

    @Test(
        "stays when what changes from day to day changes",
        arguments: [
            Change("load") { $0.memory.availableByteCount = 1 << 20 },
            Change("what a restart leaves of memory") { $0.memory.totalByteCount? -= 3 << 20 },
            Change("kernel") { $0.operatingSystem.kernel = "99.0" },
            Change("temperatures") { $0.graphics[0].temperature = 99 },
            Change("disks") { $0.disks = [] },
            Change("swap") { $0.memory.swapByteCount = 1 << 40 },
            Change("driver") { $0.graphics[0].driverVersion = "1" },
            Change("place on the bus") { $0.graphics[0].busAddress = "0000:ff:00.0" },
            Change("graphics' load") { $0.graphics[0].freeByteCount = 0 },
            Change("order of graphics") { $0.graphics.reverse() },
            Change("which threads it may use") {
                $0.processor.usableThreads = $0.processor.usableThreads.map { $0 + 1 }
            },
        ])
    func stays(change: Change) throws {
        let before = try machine("nvidia-two")
        var after = before
        change.make(&after)
        #expect(after != before, "the change changes something")
        #expect(after.fingerprint == before.fingerprint)
    }

    @Test(
        "changes with what decides speed",
        arguments: [
            Change("processor") { $0.processor.name = "Another" },
            Change("cores") { $0.processor.usableCoreCount -= 1 },
            Change("instructions") { $0.processor.features.append("avx1024") },
            Change("quota") { $0.limits.processorQuota = 1.5 },
            Change("memory") { $0.memory.totalByteCount? *= 2 },
            Change("memory limit") { $0.limits.memoryByteCount = 2_000_000_000 },
            Change("one card less") { $0.graphics.removeLast() },
            Change("another card") { $0.graphics[0].name = "Another" },
            Change("a card's memory") { $0.graphics[0].totalByteCount? *= 2 },
        ])
    func changes(change: Change) throws {
        var machine = try machine("nvidia-two")
        let before = machine.fingerprint
        change.make(&machine)
        #expect(machine.fingerprint != before)
    }
}

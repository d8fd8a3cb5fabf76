import Foundation
import Hardware
import Testing

/// Machines of many kinds, recorded as files.
@Suite("Recorded machines are detected as what they are")
struct RecordedMachineTests {
    @Test("Each is detected as its fixture states", arguments: RecordedMachine.names)
    func detected(name: String) throws {
        let recorded = try RecordedMachine(name)
        let root = FileManager.default.temporaryDirectory.appending(path: "roost-machine-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try recorded.write(to: root)
        let machine = MachineDetector(files: SystemFiles(root: root), diskPaths: ["/models"]).detect()
        let facts = try JSONFact(of: machine)
        #expect(!recorded.expectations.isEmpty)
        for (path, value) in recorded.expectations {
            let found =
                path == "computeThreadCount"
                ? "\(machine.computeThreadCount)"
                : path == "availableByteCount"
                    ? machine.availableByteCount.map { "\($0)" } ?? "unknown"
                    : facts.at(path)?.description ?? "unknown"
            #expect(found == value, "\(path)")
        }
    }

    @Test("All machines that were promised are there")
    func complete() {
        #expect(
            RecordedMachine.names == [
                "amd-apu", "apple-m2-pro", "arm-board", "container-1.5-cores", "hybrid-laptop", "nvidia-one",
                "nvidia-two", "server-two-sockets", "vm-cgroup-v1", "wsl2",
            ])
    }

    @Test("A machine of which nothing is known is unknown, not zero, and still gets a thread")
    func nothing() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "roost-machine-\(UUID().uuidString)")
        let machine = MachineDetector(files: SystemFiles(root: root), diskPaths: ["/"]).detect()
        #expect(machine.memory == MachineMemory())
        #expect(machine.availableByteCount == nil)
        #expect(machine.usableByteCount == nil)
        #expect(machine.processor.name == nil)
        #expect(machine.graphics.isEmpty && machine.sensors.isEmpty)
        #expect(machine.disks == [Disk(path: "/")])
        #expect(machine.computeThreadCount == 1)
    }
}

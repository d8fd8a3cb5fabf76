import Foundation
import Testing

/// `roost hardware` as a user types it.
@Suite("The hardware command")
struct HardwareCommandTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "roost-hardware-\(UUID().uuidString)")

    private struct Report: Decodable {
        struct Limits: Decodable {
            var processorQuota: Double?
            var memoryByteCount: Int64?
        }
        struct Processor: Decodable {
            var coreCount: Int
        }
        var limits: Limits
        var processor: Processor
        var computeThreadCount: Int
        var availableByteCount: Int64?
        var fingerprint: String
        var measured: Measured?

        struct Measured: Decodable, Equatable {
            struct Kernel: Decodable, Equatable {
                var device: String
                var type: String
                var place: String
            }
            var kernels: [Kernel]
            var threadCount: Int
        }
    }

    private func report(_ text: String) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(text.utf8))
    }

    @Test("shows what the machine has, as text, as JSON and again and again")
    func shows() async throws {
        let roost = try BuiltProgram(home: folder)
        let text = try await roost.run("hardware")
        #expect(text.status == 0, "\(text)")
        for title in ["System", "Processor", "Memory", "Graphics", "Disk", "Sensors", "Models"] {
            #expect(text.output.contains("\(title)\n"), "\(title)")
        }
        #expect(!text.output.contains("\u{1B}"), "no colour in a pipe")
        let facts = try report(try await roost.run("hardware", "--json").output)
        #expect((1...facts.processor.coreCount).contains(facts.computeThreadCount))
        #expect(try #require(facts.availableByteCount) > 0)
        let wrong = try await roost.run("hardware", "--watch", "--interval", "0")
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("--interval is 0.0, but must be between 0.1 and 3600 seconds."))
    }

    @Test("measures its limits when asked, and shows them from then on")
    func measures() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let roost = try BuiltProgram(home: folder)
        let measured = try await roost.run("hardware", "--measure", "--seconds", "2", "--json")
        #expect(measured.status == 0, "\(measured)")
        let limits = try #require(try report(measured.output).measured)
        #expect(limits.kernels.contains { $0.device == "CPU" && $0.type == "Q4_K" })
        #expect(try report(try await roost.run("hardware", "--json").output).measured == limits)
        let text = try await roost.run("hardware").output
        #expect(text.contains("GFLOP/S") && text.contains("Q4_K"), "\(text)")
        #expect(try await roost.run("hardware", "--measure", "--seconds", "0").status == 64)
        #expect(try await roost.run("hardware", "--measure", "--watch").status == 64)
    }

    #if os(Linux)
        @Test("honours a control group's quota and memory limit", .enabled(if: ControlGroup.mayBeMade))
        func controlGroup() async throws {
            let roost = try BuiltProgram(home: folder)
            let group = try ControlGroup(quota: 1.5, byteCount: 2_000_000_000)
            defer { group.remove() }
            let text = try await BuiltProgram.onThread {
                let process = roost.process(group.arguments(running: [roost.url.path, "hardware", "--json"]))
                process.executableURL = URL(fileURLWithPath: "/bin/sh")
                let pipe = Pipe()
                process.standardOutput = pipe
                try process.run()
                let data = pipe.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                return String(decoding: data, as: UTF8.self)
            }
            let facts = try report(text)
            #expect(facts.limits.processorQuota == 1.5)
            #expect(facts.limits.memoryByteCount.map { abs($0 - 2_000_000_000) <= 65_536 } == true)
            #expect(facts.computeThreadCount == 1)
            #expect(try #require(facts.availableByteCount) <= 2_000_000_000)
        }
    #endif
}

#if os(Linux)
    /// A control group of this test, in whichever version is mounted.
    private struct ControlGroup {
        private let folders: [URL]

        private static let first = URL(fileURLWithPath: "/sys/fs/cgroup/cpu")
        private static let memory = URL(fileURLWithPath: "/sys/fs/cgroup/memory")
        private static let second = URL(fileURLWithPath: "/sys/fs/cgroup")

        private static var isFirst: Bool {
            FileManager.default.fileExists(atPath: first.appending(path: "cpu.cfs_quota_us").path)
                || FileManager.default.fileExists(atPath: first.appending(path: "cgroup.procs").path)
        }

        /// Whether a group with limits can be made here; in most containers it cannot.
        static var mayBeMade: Bool {
            guard let group = try? ControlGroup(quota: 1, byteCount: 1 << 30) else { return false }
            group.remove()
            return true
        }

        init(quota: Double, byteCount: Int64) throws {
            let name = "roost-test-\(UUID().uuidString)"
            folders =
                Self.isFirst
                ? [Self.first, Self.memory].map { $0.appending(path: name) } : [Self.second.appending(path: name)]
            do {
                for folder in folders {
                    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                }
                let share = Int(quota * 100_000)
                if Self.isFirst {
                    try write("100000", to: folders[0].appending(path: "cpu.cfs_period_us"))
                    try write("\(share)", to: folders[0].appending(path: "cpu.cfs_quota_us"))
                    try write("\(byteCount)", to: folders[1].appending(path: "memory.limit_in_bytes"))
                } else {
                    try write("\(share) 100000", to: folders[0].appending(path: "cpu.max"))
                    try write("\(byteCount)", to: folders[0].appending(path: "memory.max"))
                }
            } catch {
                remove()
                throw error
            }
        }

        /// The shell joins the group and becomes the program.
        func arguments(running program: [String]) -> [String] {
            let joins = folders.map { "echo $$ > '\($0.path)/cgroup.procs'" }.joined(separator: " && ")
            return ["-c", "\(joins) && exec \"$@\"", "sh"] + program
        }

        func remove() { for folder in folders { rmdir(folder.path) } }

        private func write(_ text: String, to file: URL) throws {
            let handle = try FileHandle(forWritingTo: file)
            defer { try? handle.close() }
            try handle.write(contentsOf: Data(text.utf8))
        }
    }
#endif

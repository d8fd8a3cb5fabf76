import ControlGroups
import Foundation
import ModelFixtures
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
        let file = try TinyModelFile(.llama())
        #expect(try await roost.run("import", file.url.path, "--name", "tiny").status == 0)
        let measured = try await roost.run("hardware", "--measure", "--seconds", "2", "--json")
        #expect(measured.status == 0, "\(measured)")
        let limits = try #require(try report(measured.output).measured)
        #expect(limits.kernels.contains { $0.device == "CPU" && $0.type == "Q4_K" })
        #expect(try report(try await roost.run("hardware", "--json").output).measured == limits)
        let text = try await roost.run("hardware").output
        #expect(text.contains("GFLOP/S") && text.contains("Q4_K"), "\(text)")
        #expect(text.contains("past the cache"), "\(text)")
        #expect(try await roost.run("hardware", "--measure", "--seconds", "0").status == 64)
        #expect(try await roost.run("hardware", "--measure", "--watch").status == 64)
    }

    #if os(Linux)
        @Test("honours a control group's quota and memory limit", .enabled(if: ControlGroup.mayBeMade))
        func controlGroup() async throws {
            let roost = try BuiltProgram(home: folder)
            let group = try ControlGroup(quota: 1.5, byteCount: 2_000_000_000)
            defer { group.remove() }
            let facts = try report(try await group.run(roost, "hardware", "--json").output)
            #expect(facts.limits.processorQuota == 1.5)
            #expect(facts.limits.memoryByteCount.map { abs($0 - 2_000_000_000) <= 65_536 } == true)
            #expect(facts.computeThreadCount == 1)
            #expect(try #require(facts.availableByteCount) <= 2_000_000_000)
        }
    #endif
}

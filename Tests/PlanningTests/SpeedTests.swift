import Foundation
import Inference
import ModelFormats
import Planning
import Testing

@Suite struct SpeedTests {
    private func speed(_ name: String, _ machine: PlannedMachine) async throws -> SpeedExpectation {
        try await SettingsChooser(machine: machine).plan(geometry: Shapes.geometry(name)).speed
    }

    private func ceiling(_ kernels: [(String, String, Double, Double)]) -> MachineCeiling {
        MachineCeiling(
            kernels: kernels.map { .init(device: $0.0, type: $0.1, bytesPerSecond: $0.2, flopsPerSecond: $0.3) },
            measuredAt: Date(timeIntervalSince1970: 0), engine: "test", threadCount: 8)
    }

    @Test func aDenseModelReadsAllItsWeightsButTheTableOfEmbeddings() async throws {
        let geometry = try Shapes.geometry("llama-8b")
        let speed = try await speed("llama-8b", PlannedMachine(parsing: "rtx 4090, 64GB ram"))
        let table = geometry.inputWeights.byteCount
        #expect(speed.byteCountPerToken == geometry.weightByteCount - table)
        let tokens = try #require(speed.decodeTokensPerSecond)
        #expect(abs(tokens - 1008e9 / Double(speed.byteCountPerToken)) < 0.001 * tokens)
        #expect(speed.decodeLimit == "reading memory on GPU0")
        #expect(!speed.isMeasured && speed.prefillTokensPerSecond == nil)
        let full = try #require(speed.fullContextTokensPerSecond)
        #expect(full < tokens)
    }

    @Test func aTiedOutputIsReadWhole() async throws {
        let geometry = try Shapes.geometry("gemma3-1b")
        let speed = try await speed("gemma3-1b", PlannedMachine(parsing: "32GB ram 80GB/s, 8 cores"))
        #expect(speed.byteCountPerToken == geometry.weightByteCount)
    }

    @Test func ofExpertsOnlyThoseUsedAreRead() async throws {
        let geometry = try Shapes.geometry("qwen3moe-30b")
        let speed = try await speed("qwen3moe-30b", PlannedMachine(parsing: "64GB ram 80GB/s, 8 cores"))
        let experts = geometry.layers.reduce(Int64(0)) { $0 + $1.weights.expertByteCount }
        let rest = geometry.weightByteCount - experts - geometry.inputWeights.byteCount
        #expect(abs(speed.byteCountPerToken - rest - experts * 8 / 128) < 1000)
    }

    @Test func measuredKernelsCountByType() async throws {
        var machine = try PlannedMachine(parsing: "64GB ram, 8 cores")
        machine.ceiling = ceiling([
            ("CPU", "Q4_K", 40e9, 1e12), ("CPU", "Q6_K", 20e9, 0.5e12), ("CPU", "F32", 40e9, 1e12),
            ("CPU", "F16", 40e9, 1e12),
        ])
        let geometry = try Shapes.geometry("llama-8b")
        let speed = try await speed("llama-8b", machine)
        let groups = geometry.layers.flatMap(\.weights) + geometry.outputWeights
        let seconds = groups.reduce(0.0) { $0 + Double($1.byteCount) / ($1.type == .q6K ? 20e9 : 40e9) }
        let tokens = try #require(speed.decodeTokensPerSecond)
        #expect(abs(tokens * seconds - 1) < 0.001)
        let prefill = try #require(speed.prefillTokensPerSecond)
        // Of a prompt only the last token goes through the output layer.
        let operations = geometry.layers.flatMap(\.weights).reduce(0.0) {
            $0 + 2 * Double($1.elementCount) / ($1.type == .q6K ? 0.5e12 : 1e12)
        }
        #expect(prefill < 1 / operations && prefill > 0.9 / operations)
        #expect(speed.isMeasured && speed.hint == nil)
        #expect(speed.prefillLimit == "computing on CPU")
    }

    @Test func devicesWorkOneAfterTheOther() async throws {
        let both = try await speed("llama-70b", PlannedMachine(parsing: "24GB gpu 1000GB/s, 64GB ram 50GB/s"))
        let graphics = try await speed("llama-70b", PlannedMachine(parsing: "80GB gpu 1000GB/s, 64GB ram 50GB/s"))
        let processor = try await speed("llama-70b", PlannedMachine(parsing: "64GB ram 50GB/s"))
        let (mixed, fast, slow) = (
            try #require(both.decodeTokensPerSecond), try #require(graphics.decodeTokensPerSecond),
            try #require(processor.decodeTokensPerSecond)
        )
        #expect(slow < mixed && mixed < fast)
        #expect(both.decodeLimit == "reading memory on CPU")
    }

    @Test func whatIsNotKnownIsSaid() async throws {
        let speed = try await speed("llama-8b", PlannedMachine(parsing: "32GB ram, 8 cores"))
        #expect(speed.decodeTokensPerSecond == nil && speed.prefillTokensPerSecond == nil)
        #expect(speed.hint?.contains("bandwidth") == true)
    }
}

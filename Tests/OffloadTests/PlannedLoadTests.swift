import Foundation
import Inference
import ModelFixtures
import OffloadTrial
import Planning
import Testing

/// What the chooser decides for the devices that are there is done, and each device gives what the plan said.
@Suite("Plans for GPUs, carried out")
struct PlannedLoadTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let architecture: SizedModel.Architecture
        /// Room on each device beside what plans leave to drivers.
        let rooms: [Int64]
        let isExact: Bool
        /// What is expected of the placement.
        let placement: Placement
        var testDescription: String {
            "\(architecture) on \(rooms.map { $0 >> 20 }) MiB, \(isExact ? "exact" : "computed")"
        }
    }

    enum Placement { case oneDevice, split, layersLeft, expertsLeft, processor }

    /// What a plan leaves free of each device for its driver.
    private static let reserve: Int64 = 512 << 20

    private static let placements: [(SizedModel.Architecture, [Int64], Placement)] = [
        (.llama, [120 << 20, 200 << 20], .oneDevice), (.llama, [84 << 20, 80 << 20], .split),
        (.llama, [36 << 20], .layersLeft), (.qwen3moe, [60 << 20], .expertsLeft),
        (.gemma3, [60 << 20, 60 << 20], .oneDevice),
        (.llama, [1 << 20], .processor),
    ]
    static let cases = placements.flatMap { architecture, rooms, placement in
        [true, false].map { Case(architecture: architecture, rooms: rooms, isExact: $0, placement: placement) }
    }

    @Test("Devices give what was planned, and never more than they had", arguments: cases)
    func carriedOut(_ test: Case) async throws {
        let sized = SizedModel(test.architecture)
        let file = try TinyModelFile(sized.model)
        var others = LoadOptions()
        others.prefixByteLimit = 0
        others.speculation = false
        var request = PlanRequest(contextLength: 4096, parallelRequestCount: 1, others: others)
        request.threadCount = 1
        var load = OffloadTrial.Load(file.url, options: others, prompt: "the light of the world", tokenCount: 8)
        load.request = request
        load.planIsExact = test.isExact
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: test.rooms.map { $0 + Self.reserve }, loads: [load]))
        let made = try #require(outcome.loads.first)
        let plan = try #require(made.plan)
        #expect(plan.fits && plan.isExact == test.isExact)
        #expect(made.error == nil && made.tokens.count == 8)
        check(plan.options, test)

        let (memory, planned) = (try #require(made.memory).devices, plan.memory.devices)
        #expect(Set(memory.map(\.device)).isSubset(of: Set(planned.map(\.device))))
        for real in memory where !real.isHost {
            let told = try #require(planned.first { $0.device == real.device })
            #expect(real.weightsByteCount == told.weightsByteCount)
            #expect(real.contextByteCount == told.contextByteCount)
        }
        for (index, room) in test.rooms.enumerated() {
            let taken = try #require(made.taken["RPC\(index)"])
            let told = planned.first { $0.device == "RPC\(index)" }?.totalByteCount ?? 0
            #expect(taken <= room, "RPC\(index)")
            // What the header alone tells is never too little; the engine's figures are those of the load, but for the
            // values between devices that work on four batches at once, which it counts once too often.
            #expect(Double(taken) <= 1.05 * Double(told), "RPC\(index): \(taken) of \(told)")
            let batches = test.placement == .split ? Double(4 * plan.options.microBatchSize * sized.width * 4) : 0
            if test.isExact {
                #expect(Double(taken) + batches >= 0.95 * Double(told), "RPC\(index): \(taken) of \(told)")
            }
        }
    }

    private func check(_ options: LoadOptions, _ test: Case) {
        let text = "\(options)"
        switch test.placement {
        case .oneDevice:
            #expect(test.rooms.count == 1 || options.devices?.count == 1, "\(text)")
            #expect(options.gpuLayerCount == 9 && options.expertLayersOnProcessor == nil, "\(text)")
        case .split:
            #expect(options.gpuLayerCount == 9 && options.tensorSplit?.count == test.rooms.count, "\(text)")
        case .layersLeft: #expect((1..<9).contains(options.gpuLayerCount ?? 0), "\(text)")
        case .expertsLeft:
            #expect(options.gpuLayerCount == 9 && (1...8).contains(options.expertLayersOnProcessor ?? 0), "\(text)")
        case .processor: #expect(options.gpuLayerCount == 0, "\(text)")
        }
    }
}

import EngineFixtures
import Foundation
import Inference
import ModelFixtures
import OffloadTrial
import Planning
import Testing
import Workers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A GPU that is a driver's software: real in all but speed. `make test-offload` has it; `ROOST_TEST_VULKAN_PROGRAMS` are
/// the programs that are linked with an engine that can use it.
@Suite("Models on a GPU", .enabled(if: OffloadProcess.vulkanPrograms != nil), .serialized)
struct SoftwareVulkanTests {
    private static let prompt = "the light of the world is what they said about it"

    private static func options(_ change: (inout LoadOptions) -> Void = { _ in }) -> LoadOptions {
        var options = LoadOptions()
        options.contextLength = 256
        options.microBatchSize = 64
        options.threadCount = 1
        options.parallelRequestCount = 1
        options.prefixByteLimit = 0
        options.memoryMap = false
        options.speculation = false
        change(&options)
        return options
    }

    private func program(_ name: String) throws -> URL {
        try #require(OffloadProcess.vulkanPrograms).appending(path: name)
    }

    @Test("Layers and experts are where they were put, memory as estimated, answers as the CPU's")
    func layers() async throws {
        let (plain, mixture) = (try TinyModelFile(.llama(layerCount: 4)), try TinyModelFile(.qwen2moe(layerCount: 4)))
        let choices: [(file: TinyModelFile, options: LoadOptions)] = [
            (plain, Self.options { $0.gpuLayerCount = 0 }), (plain, Self.options()),
            (plain, Self.options { $0.gpuLayerCount = 3 }), (plain, Self.options { $0.devices = [] }),
            (mixture, Self.options { $0.gpuLayerCount = 0 }),
            (mixture, Self.options { ($0.devices, $0.expertLayersOnProcessor) = (["Vulkan0"], 3) }),
        ]
        let loads = choices.map {
            OffloadTrial.Load($0.file.url, options: $0.options, prompt: Self.prompt, tokenCount: 16)
        }
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: [], loads: loads), program: program("OffloadProgram"))
        #expect(outcome.graphics == ["Vulkan0"])
        let device = try #require(outcome.devices.first { $0.name == "Vulkan0" })
        #expect(device.kind == .gpu && device.backend == "Vulkan" && device.totalByteCount > 0)
        try #require(outcome.loads.count == choices.count)
        for (index, (load, choice)) in zip(outcome.loads, choices).enumerated() {
            #expect(load.error == nil)
            #expect(load.tokens.count == 16 && load.tokens == outcome.loads[index < 4 ? 0 : 4].tokens, "load \(index)")
            let weights = try LayerPlaces(choice.file.url).weights(
                choice.options, devices: choice.options.usesGraphics ? ["Vulkan0"] : [], shares: [1])
            let (memory, estimate) = (try #require(load.memory).devices, try #require(load.estimate).devices)
            #expect(memory.map(\.device) == estimate.map(\.device))
            #expect(memory.map(\.device) == (choice.options.usesGraphics ? ["CPU", "Vulkan0"] : ["CPU"]))
            for (real, estimated) in zip(memory, estimate) {
                #expect(isSame(real.weightsByteCount, weights[real.device] ?? 0))
                #expect(isSame(real.weightsByteCount, estimated.weightsByteCount))
                #expect(real.contextByteCount == estimated.contextByteCount)
                #expect(abs(Double(real.totalByteCount) / Double(estimated.totalByteCount) - 1) < 0.05)
            }
        }
    }

    @Test("A plan for it is carried out")
    func planned() async throws {
        let file = try TinyModelFile(.llama(layerCount: 4))
        var load = OffloadTrial.Load(file.url, options: Self.options(), prompt: Self.prompt, tokenCount: 16)
        load.request = PlanRequest(contextLength: 256, parallelRequestCount: 1, others: Self.options())
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: [], loads: [load]), program: program("OffloadProgram"))
        let made = try #require(outcome.loads.first)
        let plan = try #require(made.plan)
        #expect(plan.fits && plan.isExact && plan.options.gpuLayerCount == 5)
        #expect(made.error == nil && made.tokens.count == 16)
        let (memory, planned) = (try #require(made.memory).devices, plan.memory.devices)
        #expect(memory.map(\.device) == planned.map(\.device) && memory.count == 2)
        for (real, told) in zip(memory, planned) {
            #expect(isSame(real.weightsByteCount, told.weightsByteCount))
            #expect(real.contextByteCount == told.contextByteCount)
            #expect(abs(Double(real.totalByteCount) / Double(told.totalByteCount) - 1) < 0.05)
        }
    }

    /// Memory that the driver pins in the host's is aligned once more.
    private func isSame(_ real: Int64, _ told: Int64) -> Bool { (told...told + 64).contains(real) }

    @Test("A locked worker estimates, loads and answers on it; one that needs no GPU has none")
    func worker() async throws {
        let file = try TinyModelFile(.llama(layerCount: 4))
        var program = WorkerProgram(executable: try program("WorkerProgram"), version: "test")
        program.arguments = ["worker", "test"]
        if geteuid() == 0 { program.user = 65534 }
        let bytes = try Data(contentsOf: file.url)
        let header = ModelHeaderFile(bytes: bytes, fileByteCount: Int64(bytes.count))
        let choices = [Self.options { $0.gpuLayerCount = 0 }, Self.options()]
        var estimator = WorkerEstimator(program)
        estimator.timeLimit = .seconds(600)
        let estimates = try await estimator.estimates(of: [header], options: choices)
        try #require(estimates.count == choices.count)
        var answers: [[Int32]] = []
        for (options, estimate) in zip(choices, estimates) {
            let model = try await WorkerLauncher(program).start(ModelFileSet(file.url), name: "tiny", options: options)
            if options.usesGraphics {
                guard case .gpu = model.sandbox else {
                    throw InferenceError.sandboxUnavailable(reason: "\(model.sandbox)")
                }
            } else {
                guard case .full = model.sandbox else {
                    throw InferenceError.sandboxUnavailable(reason: "\(model.sandbox)")
                }
            }
            #expect(model.memory.devices.map(\.device) == estimate.devices.map(\.device))
            for (real, estimated) in zip(model.memory.devices, estimate.devices) {
                #expect(isSame(real.weightsByteCount, estimated.weightsByteCount))
            }
            answers.append(try await model.generate(Self.prompt, options: .fixed(16)).outcome().result.tokens)
            await model.unload()
        }
        #expect(answers[0].count == 16 && answers[0] == answers[1])
    }
}

import Foundation
import Inference
import ModelFixtures
import OffloadTrial
import Testing

/// Each load is compared with three others' words: the file (where which layer belongs), the engine's estimate of the
/// file without weights, and the devices themselves, which count what is taken of them.
@Suite("Models spread over several GPUs")
struct RemoteDeviceTests {
    private static let prompt = "the light of the world is what they said about it"

    private static func options(_ change: (inout LoadOptions) -> Void = { _ in }) -> LoadOptions {
        var options = LoadOptions()
        options.contextLength = 512
        options.threadCount = 1
        options.prefixByteLimit = 0
        options.memoryMap = false
        options.speculation = false
        change(&options)
        return options
    }

    @Test("Layers, shares and devices are as chosen, memory as estimated, answers as the CPU's")
    func layers() async throws {
        let model = try TinyModelFile(.llama(layerCount: 8))
        let bytes: [Int64] = [96 << 20, 32 << 20]
        let both = ["RPC0", "RPC1"]
        let choices: [(options: LoadOptions, devices: [String], shares: [Double])] = [
            (Self.options { $0.gpuLayerCount = 0 }, [], []),
            (Self.options { $0.devices = [] }, [], []),
            // Nobody says how: by what is free.
            (Self.options(), both, bytes.map(Double.init)),
            (Self.options { $0.gpuLayerCount = 4 }, both, bytes.map(Double.init)),
            (Self.options { $0.tensorSplit = [1, 3] }, both, [1, 3]),
            (Self.options { ($0.tensorSplit, $0.gpuLayerCount) = ([1e300, 2e300], 6) }, both, [1, 2]),
            (Self.options { $0.tensorSplit = [0, 0.5] }, both, [0, 1]),
            (Self.options { $0.devices = ["RPC1"] }, ["RPC1"], [1]),
            (Self.options { ($0.devices, $0.tensorSplit) = (["RPC1", "RPC0"], [2, 1]) }, ["RPC1", "RPC0"], [2, 1]),
        ]
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: bytes, loads: choices.map { load(model.url, $0.options) }))
        let places = try LayerPlaces(model.url)
        try #require(outcome.loads.count == choices.count)
        for (load, choice) in zip(outcome.loads, choices) {
            try check(
                load, places.weights(choice.options, devices: choice.devices, shares: choice.shares),
                tokens: outcome.loads[0].tokens)
        }
    }

    @Test("Experts of the first layers stay with the CPU")
    func experts() async throws {
        let model = try TinyModelFile(.qwen2moe(layerCount: 12))
        let choices = [nil, 0, 1, 5, 11, 12, 400].map { count in
            Self.options { ($0.expertLayersOnProcessor, $0.tensorSplit) = (count, [1, 1]) }
        }
        let cpu = Self.options { $0.gpuLayerCount = 0 }
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: [64 << 20, 64 << 20], loads: ([cpu] + choices).map { load(model.url, $0) }))
        let places = try LayerPlaces(model.url)
        try #require(outcome.loads.count == choices.count + 1)
        for (load, options) in zip(outcome.loads.dropFirst(), choices) {
            try check(
                load, places.weights(options, devices: ["RPC0", "RPC1"], shares: [1, 1]),
                tokens: outcome.loads[0].tokens)
        }
        let onHost = outcome.loads.dropFirst().map { $0.memory?.devices.first?.weightsByteCount ?? 0 }
        #expect(onHost[0] == onHost[1] && onHost[5] == onHost[6])
        #expect(onHost[1] < onHost[2] && onHost[2] < onHost[3] && onHost[3] < onHost[4] && onHost[4] < onHost[5])
    }

    @Test("A GPU without the room refuses the model, gives all back, and takes what fits")
    func tooLarge() async throws {
        let model = try TinyModelFile(.llama(layerCount: 8))
        let outcome = try await OffloadProcess.run(
            OffloadTrial(
                deviceByteCounts: [64 << 20, 256 << 10],
                loads: [
                    load(model.url, Self.options { $0.devices = ["RPC1"] }),
                    load(model.url, Self.options { $0.devices = ["RPC0"] }),
                ]))
        try #require(outcome.loads.count == 2)
        guard case .loadFailed(let path, let reason)? = outcome.loads[0].error else {
            Issue.record("\(String(describing: outcome.loads[0].error))")
            return
        }
        #expect(path == model.url.path && reason.contains("allocate"), "\(reason)")
        #expect(outcome.loads[1].error == nil && outcome.loads[1].tokens.count == 24)
        for load in outcome.loads { #expect(load.left == ["RPC0": 0, "RPC1": 0]) }
    }

    @Test("What stays with the CPU and does not fit there is refused, though there are GPUs")
    func tooLargeForHost() async throws {
        let model = try TinyModelFile(.llama(layerCount: 8))
        let large = Self.options { ($0.contextLength, $0.gpuLayerCount) = (1 << 27, 2) }
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: [64 << 20, 64 << 20], loads: [load(model.url, large)]))
        guard case .outOfMemory(let needed, let available, _)? = outcome.loads.first?.error else {
            Issue.record("\(String(describing: outcome.loads.first?.error))")
            return
        }
        // Of seven layers 64 values of two bytes for each token.
        #expect(needed >= 7 * 128 * Int64(1 << 27) && needed > available)
        #expect(outcome.loads.first?.left == ["RPC0": 0, "RPC1": 0])
    }

    @Test("Devices are listed with their memory; what is not there, or not as many, is refused by name")
    func refusals() async throws {
        let model = try TinyModelFile(.llama())
        let outcome = try await OffloadProcess.run(
            OffloadTrial(
                deviceByteCounts: [64 << 20, 48 << 20],
                loads: [
                    load(model.url, Self.options { $0.devices = ["RPC1", "CUDA0"] }),
                    load(model.url, Self.options { $0.devices = ["CPU"] }),
                    load(model.url, Self.options { $0.tensorSplit = [1] }),
                    load(model.url, Self.options { ($0.devices, $0.tensorSplit) = (["RPC0"], [1, 1]) }),
                    load(model.url, Self.options { $0.tensorSplit = [0, 0] }),
                ]))
        let remote = outcome.devices.filter { $0.backend == "RPC" }
        #expect(remote.map(\.name) == ["RPC0", "RPC1"] && remote.allSatisfy { $0.kind == .gpu })
        #expect(remote.map(\.totalByteCount) == [64 << 20, 48 << 20])
        #expect(remote.map(\.freeByteCount) == [64 << 20, 48 << 20])
        #expect(outcome.graphics.suffix(2) == ["RPC0", "RPC1"])
        let known = outcome.devices.filter(\.isGraphics).map(\.name)
        let rule = { (count: Int) in "one share for each of the \(count) GPUs that are used" }
        #expect(
            outcome.loads.map(\.error) == [
                .unknownDevice(name: "CUDA0", known: known), .unknownDevice(name: "CPU", known: known),
                .invalidOption(name: "tensor split", value: "1 shares", rule: rule(known.count)),
                .invalidOption(name: "tensor split", value: "2 shares", rule: rule(1)),
                .invalidOption(
                    name: "tensor split", value: "[0.0, 0.0]",
                    rule: "1 to \(LoadOptions.deviceLimit) numbers of 0 or more, not all of them 0"),
            ])
    }

    @Test(
        "Of a real model, memory is as estimated within 5 %, and a device's process holds it",
        .enabled(if: OffloadProcess.realModel != nil))
    func resident() async throws {
        let model = try #require(OffloadProcess.realModel)
        let outcome = try await OffloadProcess.run(
            OffloadTrial(
                deviceByteCounts: [600 << 20, 600 << 20],
                loads: [
                    load(model, Self.options { ($0.contextLength, $0.tensorSplit) = (4096, [1, 1]) }),
                    load(model, Self.options { ($0.contextLength, $0.gpuLayerCount) = (4096, 9) }),
                ]))
        for load in outcome.loads {
            // Not the very tokens of the CPU alone, which computes quantized weights in another form than the devices.
            #expect(load.error == nil && load.tokens.count == 24)
            let (memory, estimate) = (try #require(load.memory).devices, try #require(load.estimate).devices)
            for (real, estimated) in zip(memory, estimate) {
                #expect(real.device == estimated.device)
                #expect(abs(Double(real.totalByteCount) / Double(estimated.totalByteCount) - 1) < 0.05)
            }
            for device in estimate where !device.isHost {
                let grown = Double(try #require(load.grown[device.device]))
                // Of the buffers of the computation only what a short prompt needs was ever touched.
                let least = Double(device.weightsByteCount + device.contextByteCount)
                #expect(
                    grown > least * 0.95 && grown < Double(device.totalByteCount) * 1.05, "\(device) grew by \(grown)")
            }
        }
    }

    @Test("Of every kind of model, each device gives what was estimated", arguments: SizedModel.Architecture.generating)
    func architectures(_ architecture: SizedModel.Architecture) async throws {
        let sized = SizedModel(architecture)
        let model = try TinyModelFile(sized.model)
        let choices = [
            Self.options { ($0.contextLength, $0.tensorSplit) = (4096, [2, 1]) },
            Self.options { ($0.gpuLayerCount, $0.parallelRequestCount) = (5, 4) },
            Self.options { ($0.devices, $0.expertLayersOnProcessor) = (["RPC1"], 5) },
        ]
        let outcome = try await OffloadProcess.run(
            OffloadTrial(deviceByteCounts: [256 << 20, 256 << 20], loads: choices.map { load(model.url, $0) }))
        for (load, options) in zip(outcome.loads, choices) {
            #expect(load.error == nil && load.tokens.count == 24)
            let (memory, estimate) = (try #require(load.memory).devices, try #require(load.estimate).devices)
            #expect(memory.map(\.device) == estimate.map(\.device))
            // Where all layers are on several devices, these work on four batches at once, and the engine's own estimate
            // has the values between them once too often: 4 MiB here, 64 MiB for a model of 70 billion.
            let batches = options.tensorSplit == nil ? 0 : Double(4 * options.microBatchSize * sized.width * 4)
            for (real, estimated) in zip(memory, estimate) {
                #expect(real.weightsByteCount == estimated.weightsByteCount)
                #expect(real.contextByteCount == estimated.contextByteCount)
                let (taken, told) = (Double(real.totalByteCount), Double(estimated.totalByteCount))
                #expect(taken < told * 1.05 && taken + batches > told * 0.95, "\(real) of \(estimated)")
            }
            for (device, taken) in load.taken {
                #expect(taken == memory.first { $0.device == device }?.totalByteCount ?? 0, "\(device)")
            }
        }
    }

    private func load(_ file: URL, _ options: LoadOptions) -> OffloadTrial.Load {
        OffloadTrial.Load(file, options: options, prompt: Self.prompt, tokenCount: 24)
    }

    private func check(_ load: OffloadOutcome.Load, _ weights: [String: Int64], tokens: [Int32]) throws {
        #expect(load.error == nil)
        #expect(load.tokens.count == 24 && load.tokens == tokens)
        let (memory, estimate) = (try #require(load.memory).devices, try #require(load.estimate).devices)
        #expect(
            Dictionary(uniqueKeysWithValues: memory.map { ($0.device, $0.weightsByteCount) })
                == Dictionary(uniqueKeysWithValues: memory.map { ($0.device, weights[$0.device] ?? 0) }))
        #expect(memory.reduce(0) { $0 + $1.weightsByteCount } == weights.values.reduce(0, +))
        #expect(memory.map(\.device) == estimate.map(\.device))
        for (real, estimated) in zip(memory, estimate) {
            #expect(real.weightsByteCount == estimated.weightsByteCount)
            #expect(real.contextByteCount == estimated.contextByteCount)
            // The engine reserves for one graph when it only counts, and for three that share their room when it loads:
            // of buffers as small as these that is a tenth. Where they have their real size, see below.
            let ratio = Double(real.computeByteCount) / Double(max(1, estimated.computeByteCount))
            #expect(estimated.computeByteCount == 0 || abs(ratio - 1) < 0.15, "\(real) of \(estimated)")
        }
        for (device, taken) in load.taken {
            #expect(taken == memory.first { $0.device == device }?.totalByteCount ?? 0, "\(device)")
        }
        #expect(load.left.values.allSatisfy { $0 == 0 })
    }
}

extension SizedModel.Architecture {
    /// Those that answer.
    fileprivate static var generating: [SizedModel.Architecture] { allCases.filter { $0 != .bert } }
}

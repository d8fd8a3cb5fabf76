import Foundation
import Testing

@testable import Inference

@Suite("Options that put a model on GPUs")
struct OffloadOptionTests {
    @Test(
        "What no load can do is refused",
        arguments: [
            { $0.expertLayersOnProcessor = -1 }, { $0.tensorSplit = [] }, { $0.tensorSplit = [0] },
            { $0.tensorSplit = [1, -1] }, { $0.tensorSplit = [1, .nan] }, { $0.tensorSplit = [.infinity] },
            { $0.tensorSplit = Array(repeating: 1, count: 17) }, { $0.devices = ["CUDA0", "CUDA0"] },
            { $0.devices = (0..<17).map(String.init) }, { $0.gpuLayerCount = -1 },
        ] as [@Sendable (inout LoadOptions) -> Void])
    func refused(_ change: @Sendable (inout LoadOptions) -> Void) throws {
        var options = LoadOptions()
        try options.validate()
        change(&options)
        #expect(throws: InferenceError.self) { try options.validate() }
    }

    @Test("Options written before there were these choices are read")
    func absent() throws {
        let json = try JSONEncoder().encode(LoadOptions())
        let text = String(decoding: json, as: UTF8.self)
        for name in ["expertLayersOnProcessor", "tensorSplit", "devices"] { #expect(!text.contains(name)) }
        var options = LoadOptions()
        #expect(try JSONDecoder().decode(LoadOptions.self, from: json) == options)
        (options.expertLayersOnProcessor, options.tensorSplit, options.devices) = (3, [2, 1], ["A", "B"])
        #expect(try JSONDecoder().decode(LoadOptions.self, from: JSONEncoder().encode(options)) == options)
    }

    @Test(
        "The pattern names the experts of the first layers", arguments: [1, 2, 9, 10, 11, 42, 99, 100, 101, 110, 512])
    func pattern(_ count: Int) throws {
        let pattern = try NSRegularExpression(pattern: #require(ExpertPattern(layerCount: count)).text)
        func matches(_ name: String) -> Bool {
            pattern.firstMatch(in: name, range: NSRange(location: 0, length: name.utf16.count)) != nil
        }
        for layer in 0..<1200 {
            for part in ["up", "down", "gate", "gate_up"] {
                let matched = matches("blk.\(layer).ffn_\(part)_exps.weight")
                #expect(matched == (layer < count), "layer \(layer), \(part)")
            }
        }
        #expect(matches("blk.0.ffn_gate_chexps.weight"))
        for name in ["ffn_up", "ffn_up_shexp", "ffn_gate_inp", "attn_q"] { #expect(!matches("blk.0.\(name).weight")) }
    }

    @Test("No layers, no pattern")
    func noPattern() { #expect(ExpertPattern(layerCount: 0) == nil && ExpertPattern(layerCount: -1) == nil) }

    @Test("Computed prompts belong to the processors that computed them")
    func prefixes() {
        var options = LoadOptions()
        var digests: [String] = []
        func note() { digests.append("\(PackKey(identity: "m", options: options, adapters: []).digest)") }
        note()
        options.devices = ["CUDA0"]
        note()
        options.tensorSplit = [1]
        note()
        options.expertLayersOnProcessor = 2
        note()
        #expect(Set(digests).count == digests.count)
    }

    @Test("A load takes every GPU once, and integrated ones where there is no other")
    func preferred() {
        func device(
            _ name: String, _ kind: EngineDevice.Kind, _ backend: String, _ address: String? = nil
        ) -> EngineDevice {
            EngineDevice(
                name: name, title: name, kind: kind, backend: backend, busAddress: address, freeByteCount: 1,
                totalByteCount: 1)
        }
        let cpu = device("CPU", .cpu, "CPU")
        let (cuda, same) = (
            device("CUDA0", .gpu, "CUDA", "0000:01:00.0"), device("Vulkan0", .gpu, "Vulkan", "0000:01:00.0")
        )
        let other = device("Vulkan1", .gpu, "Vulkan", "0000:02:00.0")
        let (chip, second) = (device("Vulkan2", .integratedGPU, "Vulkan"), device("SYCL0", .integratedGPU, "SYCL"))
        let remote = device("RPC0", .gpu, "RPC")
        func names(_ devices: [EngineDevice]) -> [String] { devices.preferredGraphics.map(\.name) }
        #expect(names([cpu]).isEmpty)
        #expect(names([cuda, same, other, chip, cpu]) == ["CUDA0", "Vulkan1"])
        #expect(names([chip, second, cpu]) == ["Vulkan2"])
        #expect(names([chip, cpu, remote]) == ["RPC0", "Vulkan2"])
        #expect(names([cuda, cpu, remote]) == ["RPC0", "CUDA0"])
    }
}

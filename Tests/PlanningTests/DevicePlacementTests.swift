import Foundation
import Inference
import Planning
import Testing

/// The closed form on several devices beside what llama.cpp told of the same shapes on one and two remote devices (RPC),
/// with `no_alloc`.
@Suite struct DevicePlacementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var shape: String
        var parallel: Int
        var layers: Int
        var experts = 0
        var split: [Double] = []
        /// Weights, context and compute of the host and each device.
        var truth: [(weights: Int64, context: Int64, compute: Int64)]

        var testDescription: String { "\(shape) \(layers) layers, \(experts) experts, \(split)" }
    }

    static let cases = [
        Case(
            shape: "llama-8b", parallel: 4, layers: 33,
            truth: [(295_501_824, 0, 25_178_400), (4_876_918_784, 1_073_741_824, 121_645_344)]),
        Case(
            shape: "llama-8b", parallel: 4, layers: 20,
            truth: [(2_101_673_984, 436_207_616, 130_036_000), (3_070_746_624, 637_534_208, 113_256_736)]),
        Case(
            shape: "llama-8b", parallel: 4, layers: 33, split: [16, 17],
            truth: [
                (295_501_824, 0, 75_547_776), (2_222_981_120, 536_870_912, 180_396_032),
                (2_653_937_664, 536_870_912, 213_951_616),
            ]),
        Case(
            shape: "mixtral-8x7b", parallel: 4, layers: 33, experts: 20,
            truth: [(15_928_197_120, 0, 192_966_944), (10_415_038_464, 1_073_741_824, 201_369_888)]),
        Case(
            shape: "gemma3-27b", parallel: 8, layers: 63, split: [30, 33],
            truth: [
                (1_156_055_040, 0, 122_242_176), (7_949_199_360, 2_013_265_920, 273_752_064),
                (9_635_222_528, 2_147_483_648, 317_793_408),
            ]),
        Case(
            shape: "gemma3-27b", parallel: 4, layers: 30,
            truth: [(9_900_174_336, 1_392_508_928, 186_667_296), (8_840_302_592, 1_241_513_984, 167_266_592)]),
        Case(
            shape: "jamba-mini", parallel: 4, layers: 20, experts: 8, split: [1, 1],
            truth: [
                (11_243_827_712, 94_502_912, 603_990_336), (9_121_310_848, 55_967_744, 612_368_416),
                (9_160_975_360, 53_477_376, 604_340_256),
            ]),
    ]

    @Test(arguments: cases)
    func layersAndMemoryAgreeWithTheEngine(subject: Case) throws {
        let form = ClosedForm(try Shapes.geometry(subject.shape))
        var options = LoadOptions()
        options.contextLength = 8192
        options.parallelRequestCount = subject.parallel
        options.gpuLayerCount = subject.layers
        options.expertLayersOnProcessor = subject.experts
        options.tensorSplit = subject.split.isEmpty ? nil : subject.split
        let names = (1..<subject.truth.count).map { "RPC\($0 - 1)" }
        let told = form.estimate(options, graphics: names)
        for (device, truth) in zip(told.devices, subject.truth) {
            // Tensors begin at multiples of 128 bytes.
            #expect(device.weightsByteCount.isNear(truth.weights, by: 1e-6), "\(device.device)")
            #expect(device.contextByteCount == truth.context, "\(device.device)")
            // Remote devices fetch no weights of the host for large batches, as GPUs do: there is no figure for that.
            guard subject.experts == 0, subject.layers > form.geometry.layers.count || device.isHost else { continue }
            #expect(device.computeByteCount.isNear(truth.compute, by: 0.08), "\(device.device)")
        }
    }
}

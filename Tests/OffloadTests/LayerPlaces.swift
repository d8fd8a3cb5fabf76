import Foundation
import Inference
import ModelFormats

/// Where the weights of a model belong by its options: the engine's documented rule, computed from the file alone.
struct LayerPlaces {
    private let tensors: [GGUFTensorInfo]
    private let layerCount: Int

    init(_ file: URL) throws {
        let header = try GGUFReader.open(file).header
        tensors = header.tensors
        layerCount = 1 + (header.tensors.compactMap { Self.layer(of: $0.name) }.max() ?? -1)
    }

    /// Bytes of weights on each device; `shares` are those of `devices`. The host is `CPU`.
    func weights(_ options: LoadOptions, devices: [String], shares: [Double]) -> [String: Int64] {
        // The output counts as one layer more, behind the others. The last layers are those on GPUs.
        let count = min(options.gpuLayerCount ?? layerCount + 1, layerCount + 1)
        let first = layerCount + 1 - count
        let sum = Float(shares.reduce(0, +))
        func place(_ layer: Int) -> String {
            guard count > 0, layer >= first else { return "CPU" }
            let position = Float(layer - first) / Float(count)
            var end: Float = 0
            for (device, share) in zip(devices, shares) {
                end += Float(share)
                if end / sum > position { return device }
            }
            return "CPU"
        }
        var weights: [String: Int64] = ["CPU": 0]
        for tensor in tensors {
            let layer = Self.layer(of: tensor.name)
            var device = tensor.name.hasPrefix("token_embd") ? "CPU" : place(layer ?? layerCount)
            if let layer, tensor.name.contains("_exps."), layer < options.expertLayersOnProcessor ?? 0 {
                device = "CPU"
            }
            weights[device, default: 0] += Int64(tensor.byteCount)
        }
        return weights
    }

    private static func layer(of name: String) -> Int? {
        let parts = name.split(separator: ".")
        return parts.first == "blk" && parts.count > 1 ? Int(parts[1]) : nil
    }
}

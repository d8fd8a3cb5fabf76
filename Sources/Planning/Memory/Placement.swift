import Inference

/// Which device has which layer, by llama.cpp's rule (llama-model.cpp): layers are counted from the last, the output
/// layer is one more, and each GPU has a run of them by its share.
struct Placement: Sendable, Hashable {
    /// The GPU of each layer, by its place in the list of GPUs; `nil` is the host.
    let layers: [Int?]
    /// The GPU of the output layer.
    let output: Int?
    /// Layers whose experts are on the host whatever has the rest.
    let expertsOnHost: Int

    /// - Parameter shares: each GPU's share, numbers of any size.
    init(of geometry: ModelGeometry, options: LoadOptions, shares: [Double]) {
        let all = geometry.layers.count + geometry.extraLayerCount
        let wanted = options.gpuLayerCount ?? all + 1
        let count = shares.isEmpty ? 0 : min(max(0, wanted), all + 1)
        let start = all + 1 - count
        let sum = shares.reduce(0, +)
        var ends: [Double] = []
        for share in shares {
            let part = sum > 0 ? share / sum : 1 / Double(shares.count)
            ends.append((ends.last ?? 0) + part)
        }
        func device(_ layer: Int) -> Int? {
            guard layer >= start, count > 0 else { return nil }
            let place = Double(layer - start) / Double(count)
            return min(ends.firstIndex { place < $0 } ?? shares.count - 1, shares.count - 1)
        }
        layers = geometry.layers.indices.map(device)
        output = device(all)
        expertsOnHost = max(0, options.expertLayersOnProcessor ?? 0)
    }
}
